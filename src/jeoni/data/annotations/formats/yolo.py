"""YOLO (Redmon et al. 2016), as Ultralytics' tools write it: a text file of lines for each picture, and ``data.yaml``.

A line is ``class cx cy width height``, in shares of the picture's width and height; of polygons ``class x y x y …``; of
keypoints the box and then ``x y`` or ``x y visible`` for each, as ``kpt_shape`` says; ``flip_idx`` says which of them
a mirrored picture exchanges. A sixth number of a box is how
sure it is, and is passed over. A picture without a text file, or with an empty one, holds no object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from jeoni.data.annotations.class_tables import TABLE_NAMES, read_class_table
from jeoni.data.annotations.kinds import Detections
from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.numbering import number_classes
from jeoni.data.annotations.outputs import new_file, output_files
from jeoni.data.annotations.pictures import folder_of, is_picture, part_folders, pictures_in, subfolders
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.annotations.shapes import Drawn, Shaped, dataset_of_shapes, offered
from jeoni.data.annotations.sources import begins_with, read_text_lines, read_yaml
from jeoni.data.annotations.yolo_lines import PICTURES, Lines, label_file
from jeoni.data.columns import PARTS
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed, spelled
from jeoni.errors import DataError
from jeoni.types import Dataset

__all__ = ["YOLO"]

YAMLS = (".yaml", ".yml")
NUMBER = r"[-+]?[\d.]+(?:[eE][-+]?\d+)?"
FIRST = 5  # pictures that are looked at, to recognise the format
MEND_PARTNERS = "if some are left and others right, add flip_idx to data.yaml; or say --augment none"
DARKNET = ("obj.names", "predefined_classes.txt")


@dataclass(frozen=True)
class YOLO:
    """Text files in ``labels/`` for the pictures in ``images/``."""

    title: ClassVar[str] = "YOLO"
    tasks: ClassVar[tuple[str, ...]] = ("detection", "segmentation", "pose")
    writes: ClassVar[tuple[str, ...]] = ("detection",)
    needs: ClassVar[str] = "data.yaml, images/ and labels/ with a .txt file for each picture"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether ``data.yaml`` names classes, or text files of numbers lie in ``labels``."""
        if _yaml_of(root) is not None:
            return True
        return root.is_dir() and any(_holds_lines(place) for place in _found_places(root))

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        notes = Notes()
        file = _yaml_of(root)
        folder = folder_of(root)
        config = {} if file is None else read_yaml(file)
        places = _stated_places(config, file, notes) if file is not None else _found_places(root)
        names = _names(config, file, folder, options)
        keypoints, values_each = _keypoints(config, file)
        reader = Lines(names, len(keypoints), values_each, notes)
        pictures: list[Shaped] = []
        for place in places:
            pictures.extend(_pictures_of(place, folder, reader, notes))
        there = offered(pictures) or self.tasks
        task = options.wanted or ("pose" if keypoints else there[0])
        partners = _partners(config, len(keypoints), file)
        if task == "pose" and len(keypoints) > 1 and not partners and keypoints == _numbered(len(keypoints)):
            told = "keypoints have neither names nor flip_idx, so a mirrored view exchanges no two of them"
            notes.tell("no_partners", "" if file is None else file.name, told, MEND_PARTNERS)
        drawn = Drawn(names or tuple(sorted(reader.numbers, key=int)), keypoints, partners)
        data = dataset_of_shapes(root, pictures, drawn, task, options, notes)
        return replace(data, class_numbers={name: k for k, name in enumerate(names or reader.all_numbers())})

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write ``labels/`` with a text file for each picture, and ``data.yaml``."""
        written = []
        numbers = number_classes(predicted.vocabulary, predicted.numbering, "yolo", 0)
        config = new_file(folder / "data.yaml")
        files = output_files(folder / "labels", predicted.names, ".txt", predicted.notes, PICTURES)
        for path, (width, height), prediction in zip(files, predicted.sizes, predicted.predictions, strict=True):
            assert isinstance(prediction, Detections)
            own_numbers = [numbers[predicted.vocabulary[int(label)]] for label in prediction.labels]
            path.parent.mkdir(parents=True, exist_ok=True)
            middles = (prediction.boxes[:, :2] + prediction.boxes[:, 2:]) / 2
            shares = np.concatenate([middles, prediction.boxes[:, 2:] - prediction.boxes[:, :2]], axis=1)
            shares /= np.tile(np.array([width, height], dtype=np.float64), 2)
            rows = zip(own_numbers, shares.tolist(), prediction.scores.tolist(), strict=True)
            lines = [" ".join([str(label), *(f"{v:.8f}" for v in (*own, score))]) for label, own, score in rows]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            written.append(path)
        listed = "".join(f"  {number}: {_quoted(name)}\n" for name, number in numbers.items())
        config.write_text(f"path: .\ntrain: images\nval: images\nnames:\n{listed}", encoding="utf-8")
        return [*written, config]


@dataclass(frozen=True)
class _Place:
    """A folder of pictures, or a file that lists them."""

    pictures: Path
    part: str


def _quoted(name: str) -> str:
    """A name as YAML reads it back, whatever is in it: JSON's strings are YAML's."""
    return json.dumps(name, ensure_ascii=False)


def _yaml_of(root: Path) -> Path | None:
    """``data.yaml``, or the only YAML file that names classes and pictures."""
    if root.is_file():
        return root if root.suffix.lower() in YAMLS and _is_config(root) else None
    if not root.is_dir():
        return None
    found = [path for path in list_folder(root) if path.suffix.lower() in YAMLS and _is_config(path)]
    named = [path for path in found if path.stem in ("data", "dataset")]
    return (named or found)[0] if len(named or found) == 1 else None


def _is_config(path: Path) -> bool:
    keys = {line.split(":")[0].strip() for line in begins_with(path).splitlines() if ":" in line}
    return ("names" in keys or "nc" in keys) and bool(keys & {"train", "val", "test", "path"})


def _stated_places(config: Mapping[str, Any], file: Path, notes: Notes) -> list[_Place]:
    """What ``train``, ``val`` and ``test`` say: folders of pictures, or files that list them."""
    places: list[_Place] = []
    for key, part in PARTS.items():
        stated = config.get(key)
        if stated is None:
            continue
        for written in stated if isinstance(stated, list) else [stated]:
            found = _resolved(str(written), str(config.get("path", "") or ""), file)
            if found is None:
                notes.tell("no_picture", file.name, f"{key}: {written} is not there", "left out")
            elif any(place.pictures == found for place in places):
                notes.tell("same_part", file.name, f"{key}: {written} is another part as well", "left out of this part")
            else:
                places.append(_Place(found, part))
    if not places:
        raise DataError(
            f"{file} says where pictures lie (train, val, test), but nothing is there. Correct the paths: they are "
            f"relative to {file.parent}, or to what its key path says.",
            path=str(file),
        )
    return places


def _resolved(written: str, base: str, file: Path) -> Path | None:
    """A path of ``data.yaml``: relative to its key ``path``, or to the file; Roboflow's go up one folder too far."""
    folders = (file.parent / base, file.parent)
    choices = [folder / written for folder in folders]
    choices += [file.parent / written.replace("../", "", 1)] if written.startswith("../") else []
    return next((path for path in choices if path.exists()), None)


def _found_places(root: Path) -> list[_Place]:
    """A folder ``images``, with parts within or above it; Darknet's lists; else pictures beside their text files."""
    lists = {PARTS[path.stem]: path for path in list_folder(root) if path.suffix == ".txt" and path.stem in PARTS}
    if lists and (root / DARKNET[0]).is_file():
        return [_Place(path, part) for part, path in lists.items()]
    own = _folder_of_pictures(root)
    parts = part_folders(own or root)
    if parts:
        return [_Place(_folder_of_pictures(folder) or folder, part) for part, folder in parts.items()]
    return [_Place(own or root, "")]


def _folder_of_pictures(folder: Path) -> Path | None:
    below = subfolders(folder)
    return next((below[name] for name in PICTURES if name in below), None)


def _holds_lines(place: _Place) -> bool:
    """Whether the first pictures of a folder have text files of numbers."""
    if place.pictures.is_dir():
        pictures = [path for path in list_folder(place.pictures) if is_picture(path)][:FIRST]
    else:
        pictures = _listed_pictures(place.pictures, place.pictures.parent)[:FIRST]
    texts = [begins_with(label_file(path)) for path in pictures]
    filled = [text for text in texts if text.strip()]
    return bool(filled) and all(re.match(rf"\d+(\s+{NUMBER}){{4,}}\s*$", text.splitlines()[0]) for text in filled)


def _names(config: Mapping[str, Any], file: Path | None, folder: Path, options: ReadOptions) -> tuple[str, ...]:
    """The names of classes by their numbers; empty where nothing says them."""
    stated = config.get("names")
    if stated:
        if options.classes is not None:
            options.refuse_classes(YOLO.title)
        return _listed(stated, file)
    if options.classes is not None:
        return options.classes.names
    table = next((folder / name for name in (*TABLE_NAMES, *DARKNET) if (folder / name).is_file()), None)
    return () if table is None else read_class_table(table).names


def _listed(stated: Any, file: Path | None) -> tuple[str, ...]:
    """Names, from a list or from a dictionary by number."""
    if isinstance(stated, list):
        return tuple(composed(str(name)) for name in stated)
    whole = isinstance(stated, dict) and all(isinstance(key, int) for key in stated)
    if not whole or sorted(stated) != list(range(len(stated))):
        raise DataError(
            f"{file} names classes as {str(stated)[:60]!r}. Needed: a list, or a dictionary of the numbers from 0 on.",
            path=str(file),
        )
    return tuple(composed(str(stated[key])) for key in sorted(stated))


def _keypoints(config: Mapping[str, Any], file: Path | None) -> tuple[tuple[str, ...], int]:
    """The names of keypoints, and how many numbers stand for each; none where the lines are of boxes."""
    shape = config.get("kpt_shape")
    if shape is None:
        return (), 0
    if (
        not isinstance(shape, list)
        or len(shape) != 2
        or not all(isinstance(one, int) for one in shape)
        or shape[1] not in (2, 3)
    ):
        raise DataError(
            f"{file} has the kpt_shape {shape}. Needed: how many keypoints, and 2 or 3 numbers for each, as [17, 3].",
            path=str(file),
        )
    count, each = shape
    stated = config.get("kpt_names")
    if isinstance(stated, dict) and stated:
        stated = next(iter(stated.values()))
    if isinstance(stated, list) and len(stated) == count:
        return tuple(composed(str(name)) for name in stated), each
    return _numbered(count), each


def _numbered(count: int) -> tuple[str, ...]:
    """What keypoints without names are called."""
    return tuple(str(k) for k in range(count))


def _partners(config: Mapping[str, Any], count: int, file: Path | None) -> tuple[int, ...]:
    """The number of the keypoint that each becomes in a mirrored picture; empty where nothing says it."""
    flipped = config.get("flip_idx")
    if flipped is None or not count:
        return ()
    numbers = isinstance(flipped, list) and all(isinstance(one, int) for one in flipped)
    if not numbers or sorted(flipped) != list(range(count)) or any(flipped[flipped[k]] != k for k in range(count)):
        raise DataError(
            f"{file} has the flip_idx {flipped}. Needed: for each of the {count} keypoints the number of the one that "
            "it becomes in a mirrored picture, from 0 on; its own where there is none.",
            path=str(file),
        )
    return tuple(flipped)


def _pictures_of(place: _Place, folder: Path, reader: Lines, notes: Notes) -> list[Shaped]:
    if place.pictures.is_dir():
        files = pictures_in(place.pictures, folder if place.pictures.is_relative_to(folder) else place.pictures, notes)
    else:
        files = _listed_pictures(place.pictures, folder)
    found = []
    for path in files:
        name = composed(path.relative_to(folder).as_posix()) if path.is_relative_to(folder) else str(path)
        found.append(Shaped(path, name, reader.read(path, name), place.part))
    return found


def _listed_pictures(file: Path, folder: Path) -> list[Path]:
    """Pictures that a file lists: paths relative to it, or to ``data.yaml``, or below ``data`` as Darknet's."""
    paths = []
    for line in read_text_lines(file):
        written = [line, line.removeprefix("data/")] if line else []
        choices = [Path(spelled(base / one)) for base in (file.parent, folder) for one in written]
        paths.extend(next(([path] for path in choices if path.is_file()), []))
    return paths
