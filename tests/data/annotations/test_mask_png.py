"""Masks beside pictures: where they lie, what their numbers and colours stand for, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jeoni.data.annotations import LabelMap
from jeoni.data.annotations.formats.mask_png import MaskPNG
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import read_annotated
from jeoni.errors import ConfigError, DataError
from tests.data.annotations.made import kinds_of, names_of, said_of, save_mask, save_picture, save_text

MASK = np.zeros((30, 40), dtype=np.uint8)
MASK[:10], MASK[20:] = 1, 2
COLOURS = np.array([(0, 0, 0), (200, 0, 0), (0, 200, 0)], dtype=np.uint8)


def two_folders(root, masks, pictures="images", folder="masks"):
    """Two folders; a picture for each mask."""
    for stem, mask in masks.items():
        save_picture(root / pictures / f"{stem}.jpg")
        if mask is not None:
            save_mask(root / folder / f"{stem}.png", mask)
    return root


@pytest.mark.parametrize(
    ("pictures", "masks"),
    [
        ("images", "masks"),
        ("image", "label"),
        ("images", "annotations"),
        ("images", "labels"),
        ("JPEGImages", "SegmentationClass"),
    ],
)
def test_masks_lie_in_a_folder_of_their_own(pictures, masks, tmp_path):
    two_folders(tmp_path, {"a": MASK, "b": MASK}, pictures, masks)
    data = read_annotated(tmp_path)
    assert names_of(data) == [f"{pictures}/a.jpg", f"{pictures}/b.jpg"] and data.format == "mask_png"
    assert data.targets[0].names == ("0", "1", "2") and (data.targets[0].read() == MASK).all()


@pytest.mark.parametrize(
    ("pictures", "masks"),
    [
        ("train", "trainannot"),
        ("train/images", "train/masks"),
        ("images/train", "masks/train"),
        ("train", "train_labels"),
    ],
)
def test_parts_are_folders_above_within_or_beside(pictures, masks, tmp_path):
    for part in ("train", "test"):
        two_folders(tmp_path, {part: MASK}, pictures.replace("train", part), masks.replace("train", part))
    data = read_annotated(tmp_path)
    parts = {name.rsplit("/", 1)[1]: part for name, part in zip(names_of(data), data.part.tolist(), strict=True)}
    assert parts == {"train.jpg": "train", "test.jpg": "test"}
    assert all((one.read() == MASK).all() for one in data.targets)


def test_two_pictures_of_one_name_have_one_mask_and_the_second_is_told(tmp_path):
    two_folders(tmp_path, {"a": MASK, "b": MASK})
    save_picture(tmp_path / "images" / "a.png")
    data = read_annotated(tmp_path)
    assert names_of(data) == ["images/a.jpg", "images/b.jpg"]
    (finding,) = [one for one in data.findings if one.kind == "duplicate"]
    assert (finding.path, finding.action) == ("images/a.png", "the other is used") and "a.jpg" in finding.detail


def test_masks_beside_the_pictures_have_an_ending_of_their_own(tmp_path):
    for stem in "ab":
        save_picture(tmp_path / "train" / f"{stem}.jpg")
        save_mask(tmp_path / "train" / f"{stem}_mask.png", MASK)
    save_text(tmp_path / "train" / "_classes.csv", "Pixel Value, Class\n0, background\n1, sky\n2, road\n")
    data = read_annotated(tmp_path)
    assert names_of(data) == ["train/a.jpg", "train/b.jpg"] and data.targets[0].names == ("background", "sky", "road")


def test_parts_are_the_lists_of_pascal_voc(tmp_path):
    two_folders(tmp_path, dict.fromkeys("abc", MASK), "JPEGImages", "SegmentationClass")
    save_text(tmp_path / "Annotations" / "a.xml", "<annotation/>")
    save_text(tmp_path / "ImageSets/Segmentation/train.txt", "a\n")
    save_text(tmp_path / "ImageSets/Segmentation/val.txt", "b\n")
    with pytest.raises(
        DataError,
        match=r"can be read as Masks beside pictures and as Pascal VOC. Needed: --task segmentation or --task detection",
    ):
        read_annotated(tmp_path)
    data = read_annotated(tmp_path, "segmentation")
    assert data.part.tolist() == ["train", "val"] and kinds_of(data) == ["in_no_split"]


def test_numbers_get_names_from_a_table_and_some_are_void(tmp_path):
    mask = MASK.copy()
    mask[0, 0] = 255
    two_folders(tmp_path, {"a": mask})
    save_text(tmp_path / "classes.txt", "sky\nvoid\nroad\n")
    found = read_annotated(tmp_path).targets[0]
    assert found.names == ("sky", "road") and found.read()[[0, 1, 15, 25], [0, 0, 0, 0]].tolist() == [-1, -1, 0, 1]
    named = read_annotated(tmp_path, class_names="a,b,c", void="b").targets[0]
    assert named.names == ("a", "c") and named.read()[1, 0] == -1
    bare = read_annotated(tmp_path, class_names=["a", "b"], void=("2",)).targets[0]
    assert bare.names == ("a", "b") and bare.read()[[1, 25], [0, 0]].tolist() == [1, -1]


def test_without_a_table_numbers_are_names_and_255_is_void(tmp_path):
    mask = np.where(MASK == 2, 255, MASK * 7)
    two_folders(tmp_path, {"a": mask})
    found = read_annotated(tmp_path).targets[0]
    assert found.names == ("0", "7") and found.read()[[5, 15, 25], [0, 0, 0]].tolist() == [1, 0, -1]
    assert read_annotated(tmp_path, void="7").targets[0].names == ("0",)


def test_black_and_white_is_an_object_and_the_rest(tmp_path):
    two_folders(tmp_path, {"a": np.where(MASK, 255, 0)})
    data = read_annotated(tmp_path)
    assert data.targets[0].names == ("background", "foreground") and data.targets[0].read()[0, 0] == 1
    assert said_of(data, "binary_masks") == "the masks hold 0 and 255 only"


def test_a_palette_counts_by_its_index(tmp_path):
    save_picture(tmp_path / "images" / "a.jpg")
    image = Image.fromarray(MASK).convert("P")
    image.putpalette([9, 9, 9, 1, 2, 3, 4, 5, 6, *([0] * 759)])
    (tmp_path / "masks").mkdir()
    image.save(tmp_path / "masks" / "a.png")
    save_text(tmp_path / "classes.csv", "name,r,g,b\nx,0,0,0\ny,200,0,0\nz,0,200,0\n")
    found = read_annotated(tmp_path).targets[0]
    assert found.names == ("x", "y", "z") and (found.read() == MASK).all()


def test_colours_need_a_table_that_names_each(tmp_path):
    two_folders(tmp_path, {"a": COLOURS[MASK]})
    with pytest.raises(
        DataError, match=r"masks/a.png is a mask in colours, and no table says which class each stands for"
    ):
        read_annotated(tmp_path)
    save_text(tmp_path / "class_dict.csv", "name,r,g,b\nx,0,0,0\ny,200,0,0\n")
    with pytest.raises(
        DataError, match=r"masks/a.png holds the colour \(0, 200, 0\), which .*class_dict.csv does not name"
    ):
        read_annotated(tmp_path)
    save_text(tmp_path / "class_dict.csv", "name,r,g,b\nx,0,0,0\ny,200,0,0\nignore,0,200,0\n")
    found = read_annotated(tmp_path).targets[0]
    assert found.names == ("x", "y") and found.read()[[5, 15, 25], [0, 0, 0]].tolist() == [1, 0, -1]


def test_white_is_a_class_where_the_table_says_so(tmp_path):
    two_folders(tmp_path, {"a": np.where(MASK, 255, 0)})
    table = save_text(tmp_path / "mine.csv", "rest,0,0,0\ncell,255,255,255\n")
    found = read_annotated(tmp_path, class_names=str(table)).targets[0]
    assert found.names == ("rest", "cell") and found.read()[0, 0] == 1


def test_jpeg_is_told_and_taken_by_the_nearest_colour_or_refused(tmp_path):
    save_picture(tmp_path / "images" / "a.jpg")
    save_mask(tmp_path / "masks" / "a.jpg", COLOURS[MASK])
    with pytest.raises(DataError, match=r"masks/a.jpg is a mask in JPEG, which changes numbers and colours"):
        read_annotated(tmp_path)
    save_text(tmp_path / "classes.csv", "name,r,g,b\nx,0,0,0\ny,200,0,0\nz,0,200,0\n")
    data = read_annotated(tmp_path)
    assert said_of(data, "lossy_masks").startswith(
        "1 masks are in JPEG, which changes colours, for example masks/a.jpg"
    )
    assert (data.targets[0].read() != MASK).mean() < 0.05


def test_a_number_without_a_class_is_refused_before_anything_is_learned(tmp_path):
    two_folders(tmp_path, {"a": MASK, "b": np.where(MASK == 2, 9, MASK)})
    with pytest.raises(
        DataError, match=r"masks/b.png holds the number 9, which a,b,c does not name; it names 0, 1, 2, 255"
    ):
        read_annotated(tmp_path, class_names="a,b,c")
    with pytest.raises(ConfigError, match=r"--void names 'skies', which is no class. .*There are: 0, 1, 2, 9"):
        read_annotated(tmp_path, void="skies")


def test_a_photograph_in_the_place_of_a_mask_is_refused(tmp_path):
    save_picture(tmp_path / "images" / "a.png", 100, 100)
    save_picture(tmp_path / "masks" / "a.png", 100, 100)
    with pytest.raises(DataError, match=r"masks/a.png holds more than 4096 colours, as a photograph does"):
        read_annotated(tmp_path)


def test_a_mask_of_another_size_is_told_and_its_picture_left_out(tmp_path):
    two_folders(tmp_path, {"a": MASK, "b": MASK[:, :20], "c": None})
    save_mask(tmp_path / "masks" / "d.png", MASK)
    data = read_annotated(tmp_path)
    assert names_of(data) == ["images/a.jpg", "images/c.jpg"] and data.targets[1] is None
    assert said_of(data, "size_mismatch") == "its mask is of another size (20 x 30 for 40 x 30)"
    assert [f.path for f in data.findings if f.kind == "no_picture"] == ["masks/d.png"]
    assert [f.path for f in data.findings if f.kind == "unlabelled"] == ["images/c.jpg"]


def test_predictions_are_written_as_they_are_read(tmp_path):
    two_folders(tmp_path, {"a": MASK, "deep/b": 2 - MASK})
    labels = [MASK.astype(np.int16), np.where(MASK == 0, -1, MASK.astype(np.int16))]
    predicted = Predicted(
        ["a.jpg", "deep/b.jpg"], [(40, 30)] * 2, [LabelMap(one) for one in labels], ["x", "y, z", "w"]
    )
    written = MaskPNG().write(tmp_path / "out", predicted)
    assert [path.relative_to(tmp_path / "out").as_posix() for path in written] == [
        "masks/a.png",
        "masks/deep/b.png",
        "classes.csv",
    ]
    for stem in ("a", "deep/b"):
        save_picture(tmp_path / "out" / "images" / f"{stem}.jpg")
    again = read_annotated(tmp_path / "out")
    assert again.targets[0].names == ("x", "y, z", "w")
    assert all((one.read() == label).all() for one, label in zip(again.targets, labels, strict=True))


def test_more_classes_than_a_palette_holds_are_refused(tmp_path):
    many = Predicted(["a.jpg"], [(1, 1)], [LabelMap(np.zeros((1, 1)))], [str(k) for k in range(256)])
    with pytest.raises(ConfigError, match="holds 255 classes, and there are 256. Write them as COCO's JSON"):
        MaskPNG().write(tmp_path, many)


def test_street_scenes_have_their_parts_and_classes(real):
    data = read_annotated(real("camvid"), void="11")
    assert [int(np.sum(data.part == part)) for part in ("train", "val", "test")] == [367, 101, 233]
    assert data.targets[0].names == tuple(str(k) for k in range(11))
    mask = data.targets[0].read()
    assert mask.shape == (180, 240) and mask.min() == -1 and mask.max() <= 10


@pytest.mark.parametrize("table", ["", "name,r,g,b\nsky,0,0,0\ntree,1,1,1\n"])
@pytest.mark.parametrize("raw", [b"none", b"", None])
def test_a_damaged_mask_costs_its_picture(raw, table, tmp_path):
    endings = ("png", "jpg") if table else ("png",)
    for ending in endings:
        save_picture(tmp_path / f"images/bad_{ending}.png")
        path = save_picture(tmp_path / f"masks/bad_{ending}.{ending}")
        path.write_bytes(path.read_bytes()[:300] if raw is None else raw)
    save_picture(tmp_path / "images/good.png")
    save_mask(tmp_path / "masks/good.png", np.ones((30, 40)), "RGB")
    if table:
        save_text(tmp_path / "classes.csv", table)
    data = read_annotated(tmp_path)
    assert names_of(data) == ["images/good.png"] and data.targets[0].read().min() == int(bool(table))
    told = {f.path: f for f in data.findings if f.kind == "unreadable_annotation"}
    assert list(told) == [f"masks/bad_{ending}.{ending}" for ending in endings]
    for name, one in told.items():
        assert str(tmp_path / name) in one.detail and "BufferedReader" not in one.detail and one.action == "skipped"


def test_masks_of_which_none_can_be_read_are_an_error_that_names_one(tmp_path):
    save_picture(tmp_path / "images/a.png")
    save_text(tmp_path / "masks/a.png", "none")
    with pytest.raises(DataError, match=r"can be used. masks/a.png: .*cannot be read as a mask: it is no picture of a"):
        read_annotated(tmp_path, void="x")


def test_a_number_that_no_mask_holds_is_refused_at_reading(tmp_path):
    save_picture(tmp_path / "images/a.png")
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.full((30, 40), 70_000, dtype=np.int32)).save(tmp_path / "masks/a.tif")
    with pytest.raises(DataError, match=r"a.tif holds values outside 0 to 65535, as no mask does"):
        read_annotated(tmp_path)
