from __future__ import annotations

import io
import sys
import threading

import numpy as np
import pytest

from jeoni.data.dicom import marked_frame
from jeoni.errors import DataError, MissingExtra
from jeoni.modalities.image.depth import window_of
from jeoni.modalities.image.dicom import dicom_image, dicom_size, dicom_values
from jeoni.modalities.image.images import deep_values, image_size, open_image
from jeoni.modalities.inputs.image import ImageInput
from tests.made_scans import NAME, NUMBER, make_ramp, make_scan

pydicom = pytest.importorskip("pydicom")

RAMP = make_ramp(-1000, 1000)


def real(name: str) -> bytes:
    from pydicom.data import get_testdata_file

    with open(get_testdata_file(name, download=False), "rb") as file:
        return file.read()


def grey_of(raw: bytes, **options) -> np.ndarray:
    return np.asarray(dicom_image(raw, "a.dcm", **options))


def changed(raw: bytes, **attributes) -> bytes:
    data = pydicom.dcmread(io.BytesIO(raw))
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("center, width", [(40, 400), (-500, 100)])
def test_the_window_of_a_file_gives_what_pydicom_gives(function, center, width):
    from pydicom.pixels import apply_rescale, apply_windowing

    about = {"WindowCenter": [center, 7], "WindowWidth": [width, 9], "RescaleSlope": 2, "RescaleIntercept": -24}
    if function:
        about["VOILUTFunction"] = function
    raw = make_scan(RAMP, **about)
    data = pydicom.dcmread(io.BytesIO(raw))
    shown = apply_windowing(apply_rescale(RAMP, data), data, 0)
    lowest, highest = -(2**15) * 2 - 24, (2**15 - 1) * 2 - 24  # of all that 16 signed bits can hold
    wanted = (shown - lowest) / (highest - lowest) * 255
    assert np.abs(grey_of(raw) - wanted).max() <= 0.51


def test_a_window_of_one_value_is_a_threshold_at_its_centre():
    grey = grey_of(make_scan(RAMP, WindowCenter=0, WindowWidth=1))  # PS3.3 C.11.2.1.2.1: black up to -0.5
    np.testing.assert_array_equal(grey, np.where(RAMP >= 0, 255, 0))


def test_a_table_of_the_file_gives_what_pydicom_gives():
    from pydicom.dataset import Dataset
    from pydicom.pixels import apply_voi

    table = Dataset()
    table.LUTDescriptor = [256, 0, 12]
    table.add_new("LUTData", "US", (4095 * (np.arange(256) / 255) ** 2).astype(int).tolist())
    values = make_ramp(0, 255, np.uint16)
    raw = make_scan(values, VOILUTSequence=[table])
    data = pydicom.dcmread(io.BytesIO(raw))
    assert np.abs(grey_of(raw) - apply_voi(values, data) * (255 / 4095)).max() <= 0.51


def test_values_are_physical_and_padding_is_none():
    values = RAMP.copy()
    values[0, :3] = -2000
    raw = make_scan(values, RescaleSlope=0.5, RescaleIntercept=10, PixelPaddingValue=-2000)
    found = dicom_values(raw, "a")
    assert np.isnan(found[0, :3]).all() and np.isnan(found).sum() == 3
    np.testing.assert_allclose(found[1:], values[1:] * 0.5 + 10)
    assert (grey_of(raw, window=(-490, 510))[0, :3] == 0).all()


@pytest.mark.parametrize("dtype, stored, low, high", [(np.uint16, 12, 0, 4095), (np.int16, 16, -32768, 32767)])
def test_without_any_window_all_that_its_bits_hold_is_shown(dtype, stored, low, high):
    raw = make_scan(make_ramp(low, high, dtype), BitsStored=stored, HighBit=stored - 1)
    grey = grey_of(raw)
    assert grey.min() == 0 and grey.max() == 255 and abs(grey.mean() - 127.5) < 1


def test_eight_bits_stay_as_they_are_whatever_window_deeper_ones_have():
    values = make_ramp(0, 255, np.uint8)
    raw = make_scan(values)
    np.testing.assert_array_equal(grey_of(raw, window=(0, 4000)), values)
    assert dicom_values(raw, "a") is None


def test_monochrome1_is_turned_over():
    raw = make_scan(make_ramp(0, 255, np.uint8))
    np.testing.assert_array_equal(grey_of(changed(raw, PhotometricInterpretation="MONOCHROME1")), 255 - grey_of(raw))


def test_a_window_that_was_asked_for_goes_before_the_files_own():
    raw = make_scan(RAMP, WindowCenter=0, WindowWidth=100)
    spec = ImageInput(16, (0.5,) * 3, (0.5,) * 3, window=(-1000, 1000))
    own, asked = spec.open(raw, "a.dcm"), ImageInput(16, (0.5,) * 3, (0.5,) * 3, window=(-1000, 1000), own_window=False)
    np.testing.assert_array_equal(np.asarray(own), grey_of(raw))
    np.testing.assert_array_equal(np.asarray(asked.open(raw, "a.dcm")), grey_of(make_scan(RAMP), window=(-1000, 1000)))
    assert own.getpixel((0, 0)) == 0 and 100 < np.asarray(asked.open(raw, "a.dcm")).mean() < 150
    assert spec.describe()["window"] == (-1000, 1000) and "own_window" not in spec.describe()
    assert asked.describe()["own_window"] is False and spec.opening != asked.opening and spec.alike != asked.alike


class Files:
    def __init__(self, *raw: bytes) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    def read(self, index: int) -> bytes:
        return self._raw[index]

    def name(self, index: int) -> str:
        return f"{index}.dcm"


def test_the_window_of_the_data_is_that_of_files_without_one():
    windowed = make_scan(make_ramp(5000, 9000), WindowCenter=7000, WindowWidth=4000)
    assert window_of(Files(make_scan(RAMP), windowed)) == pytest.approx((-1000, 1000), abs=20)
    assert window_of(Files(windowed)) is None


@pytest.mark.parametrize("form", ["padded", "implicit", "bigendian", "RLE", "jp2klossless", "jpeg_ls_lossless"])
def test_compressed_forms_give_what_the_plain_one_gives(form):
    np.testing.assert_array_equal(grey_of(real(f"MR_small_{form}.dcm")), grey_of(real("MR_small.dcm")))


@pytest.mark.parametrize(
    "name, size",
    [
        ("SC_rgb_jpeg_dcmtk.dcm", (100, 100)),
        ("SC_ybr_full_422_uncompressed.dcm", (100, 100)),
        ("SC_rgb_rle_16bit.dcm", (100, 100)),
        ("SC_rgb_gdcm_KY.dcm", (100, 100)),
        ("examples_palette.dcm", (800, 350)),
    ],
)
def test_all_kinds_of_colour_are_rgb(name, size):
    raw = real(name)
    image = open_image(raw, name)
    assert (image.mode, image.size, image_size(raw, name)) == ("RGB", size, size)
    assert deep_values(raw, name) is None


def test_colours_of_ybr_are_those_of_rgb():
    plain, other = (grey_of(real(f"SC_rgb_{name}.dcm")).astype(int) for name in ("rle", "jpeg_dcmtk"))
    assert np.abs(plain - other).mean() < 3
    red = plain[5, 50]
    assert red[0] > 200 > 60 > red[1]


def test_a_palette_gives_the_colours_of_pydicom():
    from pydicom.pixels import apply_color_lut

    raw = real("examples_palette.dcm")
    data = pydicom.dcmread(io.BytesIO(raw))
    wanted = apply_color_lut(data.pixel_array, data) / 65535 * 255
    assert np.abs(grey_of(raw) - wanted).max() <= 0.51


def test_the_middle_frame_is_taken_unless_another_is_marked():
    frames = np.stack([np.full((4, 6), v, dtype=np.uint8) for v in (10, 20, 30)])
    raw = make_scan(frames, NumberOfFrames=3)
    assert grey_of(raw).mean() == 20
    assert [grey_of(marked_frame(raw, k)).mean() for k in range(3)] == [10, 20, 30]
    assert dicom_size(raw, "a") == (6, 4)


def test_frames_with_windows_and_slopes_of_their_own_use_these():
    from pydicom.dataset import Dataset

    def settings(center, slope):
        frame, window, transform = Dataset(), Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = center, 100
        transform.RescaleSlope, transform.RescaleIntercept = slope, 0
        frame.FrameVOILUTSequence, frame.PixelValueTransformationSequence = [window], [transform]
        return frame

    frames = np.full((2, 4, 4), 100, dtype=np.int16)
    about = {"NumberOfFrames": 2, "PerFrameFunctionalGroupsSequence": [settings(100, 1), settings(100, 2)]}
    raw = make_scan(frames, **about)
    assert grey_of(marked_frame(raw, 0)).mean() == pytest.approx(128, abs=2)
    assert grey_of(marked_frame(raw, 1)).mean() == 255


def test_a_file_without_its_first_bytes_is_known_by_its_name():
    raw = make_scan(make_ramp(0, 255, np.uint8))[132:]
    assert open_image(raw, "a.DCM").size == (16, 16)
    with pytest.raises(DataError, match="is not an image"):
        open_image(raw, "a.bin")


def test_floats_are_shown_between_their_ends():
    raw = make_scan(make_ramp(0, 255, np.uint16))
    data = pydicom.dcmread(io.BytesIO(raw))
    del data.PixelData
    data.FloatPixelData, data.BitsAllocated = make_ramp(0, 200, np.float32).tobytes(), 32
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(data, keyword)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=False)
    grey = grey_of(buffer.getvalue())
    assert grey.min() == 0 and grey.max() == 255


@pytest.mark.parametrize(
    "raw, said",
    [
        (lambda: real("test-SR.dcm"), "holds no pixels: it is a DICOM file of the kind 'Comprehensive SR Storage'"),
        (lambda: real("rtplan.dcm"), "holds no pixels: it is a DICOM file of the kind 'RT Plan Storage'"),
        (lambda: make_scan(RAMP, PixelData=None, SOPClassUID="1.2.3.4"), "of the kind 'a kind of its own'"),
        (lambda: real("MR_truncated.dcm"), "is truncated: it ends before its pixels do. Needed: a whole file"),
        (lambda: make_scan(RAMP)[:-200], "is truncated: it ends before its pixels do"),
        (lambda: make_scan(RAMP)[:500], "(holds no pixels|is damaged|no DICOM file with a picture)"),
        (lambda: real("badVR.dcm"), "is damaged: it cannot be read as DICOM"),
        (lambda: make_scan(RAMP, Rows=None), "is damaged: it cannot be read as DICOM"),
        (lambda: b"nothing of the kind", "is no DICOM file with a picture"),
        (lambda: make_scan(RAMP, PhotometricInterpretation="HSV"), "has colours of the kind 'HSV'. Needed: MONOCHROME1"),
        (lambda: make_scan(RAMP, Rows=60000, Columns=60000), "has 60,000 x 60,000 pixels; at most 100,000,000"),
        (
            lambda: changed(real("SC_ybr_full_422_uncompressed.dcm"), Columns=99),
            "in which two columns share theirs, but 99 columns. Needed: an even number of columns",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_says_why(raw, said):
    with pytest.raises(DataError, match=said):
        dicom_image(raw(), "a.dcm")


def test_an_encrypted_file_says_so():
    from pydicom.dataset import Dataset

    raw = make_scan(RAMP, PixelData=None, EncryptedAttributesSequence=[Dataset()])
    with pytest.raises(
        DataError, match="a.dcm is encrypted, and its pixels with it. Needed: the file as it was before"
    ):
        dicom_image(raw, "a.dcm")


@pytest.mark.parametrize(
    "syntax, said",
    [
        ("1.2.3.4.5", "of a transfer syntax of its own, which cannot be decoded. Convert it first"),
        ("1.2.840.10008.1.2.4.94", "of the transfer syntax 'JPIP Referenced', which cannot be decoded"),
        ("1.2.840.10008.1.2.4.102", "is a video .MPEG-4"),
    ],
)
def test_a_transfer_syntax_that_is_not_read_is_named(syntax, said):
    from pydicom.encaps import encapsulate
    from pydicom.filewriter import dcmwrite

    data = pydicom.dcmread(io.BytesIO(make_scan(RAMP)))
    data.file_meta.TransferSyntaxUID = syntax
    data.PixelData = encapsulate([b"\0\0\0\0"])
    data["PixelData"].is_undefined_length = True
    buffer = io.BytesIO()
    dcmwrite(buffer, data, implicit_vr=False, little_endian=True, enforce_file_format=False)
    with pytest.raises(DataError, match=said):
        dicom_image(buffer.getvalue(), "a.dcm")


def test_a_missing_decoder_says_what_to_install(monkeypatch):
    from pydicom.pixels import get_decoder
    from pydicom.uid import JPEGLSLossless

    monkeypatch.setattr(get_decoder(JPEGLSLossless), "_available", {})
    with pytest.raises(DataError, match=r"a decoder for it is missing. Install it: pip install 'jeoni\[medical\]'"):
        dicom_image(real("MR_small_jpeg_ls_lossless.dcm"), "a.dcm")


def test_without_pydicom_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtra, match=r"pip install 'jeoni\[medical\]'"):
        dicom_image(make_raw_mark(), "a.dcm")


def make_raw_mark() -> bytes:
    return bytes(128) + b"DICM"


def test_messages_and_warnings_quote_no_patient(recwarn, caplog):
    broken = make_scan(RAMP).replace(b"PN", b"DS")  # a name where a number belongs
    for raw in (broken, broken[:-100], make_scan(RAMP, WindowCenter="1")[:700]):
        try:
            dicom_image(raw, "a.dcm")
        except DataError as error:
            assert NAME not in str(error) and NUMBER not in str(error)
    assert not recwarn.list and not caplog.records


def test_threads_read_side_by_side():
    raws = [make_scan(make_ramp(0, 255, np.uint8)), real("MR_small_jpeg_ls_lossless.dcm")]
    found: list[np.ndarray] = []

    def read(raw):
        found.extend(grey_of(raw) for _ in range(5))

    threads = [threading.Thread(target=read, args=(raw,)) for raw in raws]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 10


def test_frames_of_whole_pictures_use_windows_alike():
    from jeoni.modalities.inputs.frame import FrameInput

    raw = make_scan(RAMP, WindowCenter=0, WindowWidth=100)
    frame = {"width": 16, "height": 16, "mean": (0.5,) * 3, "std": (0.5,) * 3, "window": (-1000, 1000)}
    own, asked = FrameInput(**frame), FrameInput(**frame, own_window=False)
    np.testing.assert_array_equal(np.asarray(own.open(raw, "a.dcm")), grey_of(raw))
    assert 100 < np.asarray(asked.open(raw, "a.dcm")).mean() < 150
    assert "own_window" not in own.describe() and asked.describe()["own_window"] is False
    assert own.opening != asked.opening and own.alike != asked.alike
