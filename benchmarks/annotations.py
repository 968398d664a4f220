"""Reading and writing annotations: how long it takes, and what is left of boxes and polygons after it.

    python benchmarks/annotations.py                # BCCD, CamVid, openfield; a minute on two cores

Prints pictures, objects and seconds of each data set; the largest difference of BCCD's boxes after they were written in
each format and read again; and how polygons that are filled by the middles of pixels differ from pycocotools' (which is
installed for this).
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

import numpy as np
from _data import shared

from jeoni.data.annotations import Boxes, Detections
from jeoni.data.annotations.pictures import picture_size
from jeoni.data.annotations.polygons import filled
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import read_annotated
from jeoni.data.annotations.write import write_predictions
from jeoni.types import Dataset

REPEATS = 3
POLYGONS = 300
SIDE = 200


def timed_read(root: Path, **options: str) -> tuple[Dataset, float]:
    """The data, and the median of the seconds that reading takes."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = read_annotated(root, **options)
        seconds.append(time.perf_counter() - began)
    assert found is not None
    return found, median(seconds)


def tell_data() -> Dataset:
    """Read the three data sets; BCCD is handed back."""
    for name, options in (("camvid", {"void": "11"}), ("openfield", {}), ("bccd", {})):
        data, seconds = timed_read(shared(name), **options)
        parts = dict(Counter(data.part.tolist()))
        objects = sum(len(one.boxes) for one in data.targets if isinstance(one, Boxes))
        print(f"{name}: {data.format}, {len(data)} pictures {parts}, {objects} boxes, {seconds:.2f} s")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return data


def predicted_of(data: Dataset, root: Path) -> Predicted:
    """True boxes as if they were predictions."""
    names = [data.items.name(i) for i in range(len(data))]
    classes = sorted({name for one in data.targets for name in one.names})
    found = []
    for one in data.targets:
        labels = np.array([classes.index(name) for name in one.names], dtype=np.int64)
        found.append(Detections(one.boxes, labels, np.ones(len(labels))))
    sizes = [picture_size(root / name) or (0, 0) for name in names]
    return Predicted(names, sizes, found, classes)


def tell_round_trips(data: Dataset, root: Path) -> None:
    predicted = predicted_of(data, root)
    for name in ("coco", "voc", "yolo"):
        with tempfile.TemporaryDirectory() as folder:
            files = write_predictions(Path(folder), predicted, "detection", name)
            shutil.copytree(root / "JPEGImages", Path(folder) / "images")
            again, seconds = timed_read(Path(folder))
        worst = max(np.abs(a.boxes - b.boxes).max(initial=0) for a, b in zip(data.targets, again.targets, strict=True))
        alike = all(a.names == b.names for a, b in zip(data.targets, again.targets, strict=True))
        print(
            f"{name}: {len(files)} files, read in {seconds:.2f} s, boxes differ by {worst:.1e} px, classes alike: {alike}"
        )


def tell_polygons() -> None:
    from pycocotools import mask as coco

    rng = np.random.default_rng(0)
    unlike, ours_s, theirs_s = [], 0.0, 0.0
    for _ in range(POLYGONS):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
        radii = rng.uniform(20, 80, 12)
        ring = np.stack([100 + radii * np.cos(angles), 100 + radii * np.sin(angles)], axis=1)
        began = time.perf_counter()
        ours = filled(ring, (SIDE, SIDE))
        ours_s += time.perf_counter() - began
        began = time.perf_counter()
        theirs = coco.decode(coco.frPyObjects([ring.ravel().tolist()], SIDE, SIDE))[..., 0]
        theirs_s += time.perf_counter() - began
        unlike.append((ours != theirs).sum() / max(1, ours.sum()))
    each = 1000 / POLYGONS
    print(
        f"polygons: {100 * np.mean(unlike):.2f} % of the pixels differ from pycocotools, at most {100 * max(unlike):.2f} %; "
        f"{ours_s * each:.2f} ms each, theirs {theirs_s * each:.2f} ms"
    )


if __name__ == "__main__":
    cells = tell_data()
    tell_round_trips(cells, shared("bccd"))
    tell_polygons()
