"""Normal and defective pictures: MVTec's folders, and folders of normal ones."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jeoni.data.annotations.read import read_annotated
from jeoni.errors import ConfigError, DataError
from tests.data.annotations.made import kinds_of, names_of, said_of, save_mask, save_picture


def parts(root):
    for k in range(3):
        save_picture(root / f"train/good/{k}.png")
        save_picture(root / f"test/good/{k}.png")
        save_picture(root / f"test/scratch/{k}.png")
    mask = np.zeros((30, 40))
    mask[:3] = 255
    save_mask(root / "ground_truth/scratch/0_mask.png", mask)
    save_mask(root / "ground_truth/scratch/1_mask.png", mask[:10])
    return root


def test_mvtec_learns_from_normal_pictures_and_knows_where_defects_are(tmp_path):
    data = read_annotated(parts(tmp_path))
    assert data.format == "mvtec" and "format" in kinds_of(data)
    found = dict(zip(names_of(data), data.targets, strict=True))
    assert [one.defective for one in data.targets] == [False] * 3 + [True] * 3 + [False] * 3
    assert data.part.tolist() == ["test"] * 6 + ["train"] * 3
    one = found["test/scratch/0.png"]
    assert one.kind == "scratch" and one.mask.names == ("normal", "defect") and one.mask.read().sum() == 3 * 40
    assert found["test/scratch/1.png"].mask is None and found["test/scratch/2.png"].mask is None
    assert said_of(data, "size_mismatch") == "the mask of its defect is of another size (40 x 10 for 40 x 30)"
    assert [f.path for f in data.findings if f.kind == "no_mask"] == ["test/scratch/2.png"]
    assert "format" not in kinds_of(read_annotated(tmp_path, "anomaly"))


def defect_mask(root, image):
    """The mask that is read of a picture saved as the one of a scratch: PNG, or JPEG for a file that is called so."""
    for folder in ("train/good", "test/good", "test/scratch"):
        save_picture(root / folder / "0.png")
    (root / "ground_truth/scratch").mkdir(parents=True)
    image.save(root / "ground_truth/scratch/0_mask.png")
    return read(root)


def read(root):
    data = read_annotated(root)
    return data, next(one for one in data.targets if one.defective).mask


def top_rows(mode, colour, rest=0):
    image = Image.new(mode, (40, 30), rest)
    image.paste(colour, (0, 0, 40, 3))
    return image


def with_palette(colours, index):
    image = Image.fromarray(np.asarray(index, dtype=np.uint8)).convert("P")
    image.putpalette([*np.ravel(colours).tolist(), *[0] * (768 - 3 * len(colours))])
    return image


TOP = np.zeros((30, 40), dtype=np.uint8)
TOP[:3] = 1
DARK, GREEN = (0, 0, 0), (0, 255, 0)


@pytest.mark.parametrize(
    "image",
    [
        *(top_rows("RGB", colour) for colour in (GREEN, (0, 0, 255), (255, 0, 0), (0, 0, 1))),
        *(top_rows(mode, colour) for mode, colour in (("L", 1), ("1", 1))),
        *(Image.fromarray(value * TOP.astype(np.uint16)) for value in (256, 40000)),
        top_rows("LA", (200, 255)),
        top_rows("RGBA", (0, 0, 255, 255), (255, 255, 255, 0)),
        with_palette([DARK, GREEN], TOP),
        with_palette([DARK, DARK], TOP),  # the index counts
        with_palette([GREEN, (0, 0, 9)], TOP),
        with_palette([GREEN, DARK], 1 - TOP),  # shrunk, so that black is the second colour
    ],
    ids=lambda image: image.mode,
)
def test_every_pixel_of_a_defects_mask_that_is_not_black_is_of_the_defect(image, tmp_path):
    data, mask = defect_mask(tmp_path, image)
    assert (mask.read() == TOP).all() and mask.size() == (40, 30) and kinds_of(data) == ["format"]


@pytest.mark.parametrize("colour", [(255, 255, 255), GREEN, (0, 0, 255), (255, 0, 0)])
def test_a_defects_mask_in_jpeg_is_cut_at_half_the_brightness_and_told(colour, tmp_path):
    defect_mask(tmp_path, Image.new("L", (40, 30)))
    (tmp_path / "ground_truth/scratch/0_mask.png").unlink()
    image = Image.new("RGB", (40, 30))
    image.paste(colour, (0, 0, 40, 16))  # whole blocks of JPEG, whose noise stays within them
    image.save(tmp_path / "ground_truth/scratch/0_mask.jpg", quality=60)
    data, mask = read(tmp_path)
    assert mask.read()[:16].all() and not mask.read()[16:].any()
    told = next(f for f in data.findings if f.kind == "lossy_masks")
    assert told.path == "test/scratch/0.png" and told.action.startswith("each pixel of half the brightness or more")


def test_a_defects_mask_that_shows_none_or_cannot_be_read_is_told_at_reading(tmp_path):
    data, mask = defect_mask(tmp_path, Image.new("RGB", (40, 30)))
    assert mask is None and said_of(data, "no_mask") == "the mask of its defect is black all over"
    path = tmp_path / "ground_truth/scratch/0_mask.png"
    save_picture(path)
    for raw, said in ((path.read_bytes()[:200], "truncated"), (b"none", "it is no picture"), (b"", "is empty")):
        path.write_bytes(raw)
        data, mask = read(tmp_path)
        told = next(f for f in data.findings if f.kind == "unreadable_annotation")
        assert mask is None and told.path == "test/scratch/0.png" and told.action == "kept, without a place"
        assert str(path) in told.detail and said in told.detail and "BufferedReader" not in told.detail


def test_normal_pictures_only_are_for_training(tmp_path):
    for k in range(3):
        save_picture(tmp_path / f"{k}.png")
    data = read_annotated(tmp_path, "anomaly")
    assert data.part.tolist() == ["train"] * 3 and not any(one.defective for one in data.targets)
    assert read_annotated(tmp_path) is None


@pytest.mark.parametrize("name", ["good", "Normal", "ok", "정상"])
def test_defects_are_the_test_and_one_in_five_normal_pictures_with_them(name, tmp_path):
    for k in range(10):
        save_picture(tmp_path / f"{name}/p{k // 2}_{k}.png")
    for k in range(2):
        save_picture(tmp_path / f"broken/{k}.png")
    assert read_annotated(tmp_path) is None  # one folder per class
    data = read_annotated(tmp_path, "anomaly")
    defective = np.array([one.defective for one in data.targets])
    assert defective.sum() == 2 and (data.part[defective] == "test").all()
    assert (data.part[~defective] == "test").sum() == 2 and {one.kind for one in data.targets} == {"", "broken"}
    assert (
        said_of(data, "split")
        == "2 of 10 normal pictures, drawn by their names, are for the test, and with them 2 with a defect"
    )
    assert (read_annotated(tmp_path, "anomaly").part == data.part).all()
    grouped = read_annotated(tmp_path, "anomaly", group_pattern=r"(p\d)_|broken")
    for group in np.unique(grouped.groups[~defective]):
        assert len(set(grouped.part[(grouped.groups == group) & ~defective].tolist())) == 1


def test_parts_that_came_with_the_data_are_kept(tmp_path):
    for name in ("train/good/a", "test/good/b", "test/bad/c"):
        save_picture(tmp_path / f"{name}.png")
    data = read_annotated(tmp_path, "anomaly")
    assert dict(zip(names_of(data), data.part.tolist(), strict=True)) == {
        "train/good/a.png": "train",
        "test/good/b.png": "test",
        "test/bad/c.png": "test",
    }


def test_folders_without_normal_pictures_are_refused(tmp_path):
    save_picture(tmp_path / "train/good/a.png")
    save_picture(tmp_path / "test/bad/c.png")
    with pytest.raises(
        DataError, match=r"test holds the folders bad, and none of normal pictures. Needed: one called good"
    ):
        read_annotated(tmp_path, "anomaly")
    save_picture(tmp_path / "cats/1.png")
    with pytest.raises(
        DataError, match=r"cats.* is no annotated data for detection. Needed is one of these. COCO: a JSON"
    ):
        read_annotated(tmp_path / "cats", "detection")


def test_options_of_classes_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="MVTec AD names its classes itself"):
        read_annotated(parts(tmp_path / "a"), class_names="x")
    save_picture(tmp_path / "b/1.png")
    with pytest.raises(ConfigError, match="--void names 'x', which is no class. There are: none"):
        read_annotated(tmp_path / "b", "anomaly", void="x")
