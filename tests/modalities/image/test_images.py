from __future__ import annotations

import struct
import threading
import time
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from jeoni.data import pixels
from jeoni.errors import DataError
from jeoni.modalities.image.images import open_image, signature, thumbnail
from jeoni.modalities.inputs.image import ImageInput

ORIENTATION = 0x0112
SPEC = ImageInput(8, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def pixel(raw, x=0, y=0):
    image = open_image(raw, "it")
    assert image.mode in ("RGB", "L")
    return image.convert("RGB").getpixel((x, y))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_its_exif_says(encode, orientation):
    seen = np.zeros((16, 32, 3), np.uint8)
    seen[:8, :16] = 255  # a person sees white at the upper left
    undo = {
        1: seen,
        2: seen[:, ::-1],
        3: seen[::-1, ::-1],
        4: seen[::-1],
        5: seen.transpose(1, 0, 2),
        6: np.rot90(seen, 1),
        7: seen[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(seen, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    raw = encode(Image.fromarray(np.ascontiguousarray(undo)), "PNG", exif=exif.tobytes())
    np.testing.assert_array_equal(np.asarray(open_image(raw, "it")), seen)


def test_grey_and_one_bit_become_three_equal_channels(encode):
    assert pixel(encode(Image.new("L", (4, 4), 90))) == (90, 90, 90)
    assert pixel(encode(Image.new("1", (4, 4), 1))) == (255, 255, 255)


@pytest.mark.parametrize("mode, colour", [("RGBA", (200, 0, 0, 0)), ("LA", (0, 0))])
def test_what_is_transparent_shows_white(encode, mode, colour):
    assert pixel(encode(Image.new(mode, (4, 4), colour))) == (255, 255, 255)


def test_half_transparent_is_mixed_with_white(encode):
    assert pixel(encode(Image.new("RGBA", (4, 4), (0, 0, 0, 128)))) == (127, 127, 127)


def test_a_palette_gives_its_colours_and_its_transparent_entry_white(encode):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert pixel(encode(image), 1) == (40, 50, 60)
    raw = encode(image, transparency=1)
    assert (pixel(raw, 0), pixel(raw, 1)) == ((10, 20, 30), (255, 255, 255))


def test_cmyk_ink_becomes_light(encode):
    red = np.array(pixel(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)))
    assert np.abs(red - [255, 0, 0]).max() < 12


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(encode, kind):
    ramp = np.array([[0, 257, 32896, 65535]], np.uint16)
    raw = encode(Image.fromarray(ramp), kind)
    assert [pixel(raw, x)[0] for x in range(4)] == [0, 1, 128, 255]


def test_big_endian_sixteen_bits_are_scaled_too(encode):
    big = Image.frombytes("I;16B", (2, 1), np.array([[32896, 65535]], ">u2").tobytes())
    assert [pixel(encode(big, "TIFF"), x)[0] for x in (0, 1)] == [128, 255]


@pytest.mark.parametrize(
    "values, expected",
    [
        (np.array([[0, 32896, 65535]], np.int32), [0, 128, 255]),
        (np.array([[0, 100_000, 200_000]], np.int32), [0, 128, 255]),
        (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),
        (np.array([[0, 100, 255]], np.float32), [0, 100, 255]),
        (np.array([[np.nan, 0, 65535]], np.float32), [0, 0, 255]),
    ],
)
def test_wide_integers_and_floats_are_brought_to_eight_bits(encode, values, expected):
    raw = encode(Image.fromarray(values), "TIFF")
    assert [pixel(raw, x)[0] for x in range(3)] == expected


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (4, 5, 4)])
def test_arrays_with_one_three_or_four_channels_are_images(shape):
    image = open_image(np.full(shape, 255, np.uint8), "it")
    assert image.mode in ("RGB", "L")
    assert (image.size, image.convert("RGB").getpixel((0, 0))) == ((5, 4), (255, 255, 255))


def test_grey_is_resized_as_grey_to_the_very_pixels_of_its_colour_copy():
    grey = Image.fromarray(np.random.default_rng(0).integers(0, 256, (37, 51), dtype=np.uint8))
    assert open_image(np.asarray(grey), "it").mode == "L"
    np.testing.assert_array_equal(SPEC.row(grey), SPEC.row(grey.convert("RGB")))
    np.testing.assert_array_equal(signature(grey), signature(grey.convert("RGB")))


def test_sixteen_bit_arrays_are_scaled():
    assert pixel(np.full((2, 2), 32896, np.uint16)) == (128, 128, 128)


def test_an_array_with_two_channels_is_refused():
    with pytest.raises(DataError, match="item 3 has 2 channels; 1, 3 or 4"):
        open_image(np.zeros((4, 4, 2), np.uint8), "item 3")


def test_the_first_of_several_frames_is_taken(encode):
    frames = [Image.new("L", (4, 4), v) for v in (30, 200)]
    assert pixel(encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])) == (30, 30, 30)


@pytest.mark.parametrize("at_least, side", [(0, 320), (320, 320), (161, 320), (160, 160), (50, 80), (40, 40), (1, 40)])
def test_a_jpeg_is_decoded_smaller_but_never_below_what_is_needed(encode, make_image, at_least, side):
    raw = encode(make_image(size=(640, 320)), "JPEG")
    assert open_image(raw, "it", at_least).size == (2 * side, side)


def test_a_text_file_is_not_an_image():
    with pytest.raises(DataError, match=r"notes\.jpg is not an image") as caught:
        open_image(b"this is no picture at all", "notes.jpg")
    assert caught.value.path == "notes.jpg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_truncated_file_is_called_so(encode, make_image, kind):
    raw = encode(make_image(size=(200, 200)), kind)
    with pytest.raises(DataError, match=r"^cut\.img is truncated"):
        open_image(raw[: len(raw) // 2], "cut.img")


def test_a_damaged_file_is_a_data_error_whatever_the_decoder_raises(encode, make_image):
    rng = np.random.default_rng(0)
    whole = {kind: encode(make_image(), kind) for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP")}
    refused = 0
    for _ in range(20):
        for raw in whole.values():
            broken = bytearray(raw)
            for _ in range(8):
                broken[rng.integers(0, min(len(broken), 400))] = rng.integers(0, 256)
            try:
                open_image(bytes(broken), "broken")
            except DataError as error:
                assert str(error).startswith("broken ")
                refused += 1
    assert refused > 20


def make_png_header(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("pillow_limit", [Image.MAX_IMAGE_PIXELS, None])
@pytest.mark.parametrize("side, told", [(30_000, "30,000"), (14_200, "14,200")])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch, side, told, pillow_limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillow_limit)
    with pytest.raises(DataError, match=rf"bomb\.png has {told} x {told} pixels; at most 100,000,000 .* tiles"):
        open_image(make_png_header(side, side), "bomb.png")
    assert pillow_limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("pillow_limit", [60, 40])  # of 100 pixels Pillow would warn, and would refuse
def test_an_image_below_our_limit_is_decoded_without_a_warning(monkeypatch, encode, pillow_limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillow_limit)
    assert open_image(encode(Image.new("L", (10, 10), 7)), "it").size == (10, 10)


def test_opening_in_many_threads_leaves_the_warning_filters_alone(monkeypatch, encode):
    raw, before, whole = encode(Image.new("L", (2, 2))), list(warnings.filters), Image.open
    inside, most = [], []

    def slow_open(*args, **formats):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)  # long enough for another thread to come in, were it let
        inside.pop()
        return whole(*args, **formats)

    monkeypatch.setattr(Image, "open", slow_open)
    threads = [threading.Thread(target=open_image, args=(raw, "it")) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert most == [1, 1, 1, 1]
    assert list(warnings.filters) == before


def test_the_whole_image_is_squashed_or_only_its_middle_is_kept():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    image = Image.fromarray(wide)
    squashed = SPEC.row(image)
    assert (squashed.shape, squashed.dtype) == ((8, 8, 3), np.uint8)
    assert squashed[:, 0].max() < 30 and squashed[:, 4].min() > 225
    centred = ImageInput(8, SPEC.mean, SPEC.std, crop="center").row(image)
    assert centred.shape == (8, 8, 3)
    assert centred[:, 1:-1].min() == 255 and centred.min() > 200  # a filter reaches over the edge of the crop


def test_a_centre_crop_keeps_the_share_of_the_shorter_side():
    framed = np.full((40, 40, 3), 255, np.uint8)
    framed[10:30, 10:30] = 0
    half = ImageInput(8, SPEC.mean, SPEC.std, crop="center", crop_pct=0.5).row(Image.fromarray(framed))
    assert half[2:-2, 2:-2].max() == 0 and half.max() < 50  # a filter reaches over the edge of the crop


def test_an_image_of_the_right_size_passes_unchanged(make_image):
    image = make_image(size=(8, 8))
    np.testing.assert_array_equal(SPEC.row(image), np.asarray(image))


def test_a_signature_is_the_small_grey_image(make_image):
    assert (signature(make_image()).shape, signature(make_image()).dtype) == ((1024,), np.uint8)
    assert set(signature(Image.new("RGB", (90, 50), (60, 60, 60)))) == {60}


def test_a_thumbnail_keeps_the_aspect_and_the_original(make_image):
    image = make_image(size=(400, 100))
    assert (thumbnail(image, 40).size, image.size) == ((40, 10), (400, 100))


def test_formats_that_start_another_program_are_not_opened():
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
    with pytest.raises(DataError, match=r"photo\.jpg is not an image"):
        open_image(script, "photo.jpg")


def test_what_is_transparent_is_the_same_in_one_strip_or_many(monkeypatch):
    values = np.random.default_rng(0).integers(0, 256, (40, 30, 4), dtype=np.uint8)
    image = Image.fromarray(values)
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    whole = np.asarray(Image.alpha_composite(white, image).convert("RGB"))
    for strip in (1 << 22, 70):
        monkeypatch.setattr(pixels, "STRIP", strip)
        assert np.array_equal(np.asarray(open_image(values, "it")), whole)


def test_an_infinite_pixel_does_not_make_the_others_black(encode):
    values = np.array([[0, 0.5, 1, np.inf, -np.inf, np.nan]], np.float32)
    opened = open_image(encode(Image.fromarray(values), "TIFF"), "it")
    assert np.asarray(opened).tolist() == [[0, 128, 255, 255, 0, 0]]
