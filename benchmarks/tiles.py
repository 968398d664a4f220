"""Small objects in large pictures: tiles against whole pictures, on the same made-up large pictures of real ones.

    python benchmarks/tiles.py [--learn 12] [--score 8] [--steps 120] [--tile 256] [--longest 320] [--seed 0]

Each large picture is made of nine BCCD photographs at half their size, side by side (960 x 720): those to learn from are
drawn from its train and val parts, those to score from its test part. Both models have the same backbone (efficientnet
_lite0, frozen), the same head, the same steps and batches; the one sees whole pictures in frames of `--longest` pixels,
the other parts of `--tile` pixels at the pictures' own resolution. Cells at the seams are cut by the making, alike for
both. Printed: AP50 and AP with 95 % intervals over the large pictures, their paired difference, and seconds of this
process. A large picture holds about a hundred objects, so that the cap of 100 detections in a picture is a part of what is
measured: of whole pictures, and of the average precision of both.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared
from PIL import Image

import jeoni
from jeoni.data.annotations import Boxes
from jeoni.data.annotations.read import read_annotated
from jeoni.dense.scoring import difference_of, score_evidence
from jeoni.types import Dataset

SIDE, SMALLER = 3, 2
CELL = (320, 240)


def save_large(root: Path, data: Dataset, pool: np.ndarray, number: int, part: str, classes: Sequence[str]) -> None:
    """Large pictures and their boxes as COCO has them, below the folder of a part."""
    folder = root / part
    folder.mkdir(parents=True)
    images, annotations = [], []
    for k in range(number):
        canvas = Image.new("RGB", (SIDE * CELL[0], SIDE * CELL[1]))
        for place, i in enumerate(pool[k * SIDE * SIDE : (k + 1) * SIDE * SIDE]):
            raw, boxes = data.items.read(int(i)), data.targets[int(i)]
            corner = np.array([place % SIDE * CELL[0], place // SIDE * CELL[1]], dtype=float)
            canvas.paste(_opened(raw).resize(CELL), tuple(corner.astype(int)))
            assert isinstance(boxes, Boxes)
            for box, name in zip(boxes.boxes / SMALLER + np.tile(corner, 2), boxes.names, strict=True):
                wide, high = box[2:] - box[:2]
                if min(wide, high) <= 0:
                    continue
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": k, "category_id": classes.index(name) + 1, "iscrowd": 0,
                     "bbox": [*box[:2].tolist(), wide, high], "area": wide * high}
                )  # fmt: skip
        canvas.save(folder / f"{k:03d}.png")
        images.append({"id": k, "file_name": f"{k:03d}.png", "width": canvas.width, "height": canvas.height})
    named = [{"id": number + 1, "name": name} for number, name in enumerate(classes)]
    content = {"images": images, "annotations": annotations, "categories": named}
    (folder / "_annotations.coco.json").write_text(json.dumps(content))


def _opened(raw: Any) -> Image.Image:
    from io import BytesIO

    return Image.open(BytesIO(raw)).convert("RGB")


def evidence_of(root: Path, asked: argparse.Namespace, **size: str) -> tuple[Any, list[Any], float]:
    """The task, what a model found in the large pictures of the test part, and its seconds."""
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as place:
        model = jeoni.fit(
            str(root), out=Path(place) / "run", steps=asked.steps, seed=asked.seed, control=False, pictures=False,
            quiet=True, **size,
        ).model  # fmt: skip
    found = jeoni.predict(model, str(root / "test"))
    seconds = time.process_time() - begun
    truth = read_annotated(root / "test", "detection")
    assert truth is not None
    known = {Path(truth.items.name(i)).name: truth.targets[i] for i in range(len(truth))}
    pairs = zip(found.names, found.predictions, strict=True)
    return model.task, [model.task.evidence(said, known[Path(name).name]) for name, said in pairs], seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("learn", 12), ("score", 8), ("steps", 120), ("tile", 256), ("longest", 320), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    data = read_annotated(shared("bccd"), "detection")
    assert data is not None
    known = np.array([isinstance(one, Boxes) for one in data.targets])
    classes = sorted({name for one in data.targets[known] for name in one.names})
    rng = np.random.default_rng(asked.seed)
    pools = {
        part: rng.permutation(np.flatnonzero(known & ((data.part == "test") == (part == "test"))))
        for part in ("train", "test")
    }
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "large"
        save_large(root, data, pools["train"], asked.learn, "train", classes)
        save_large(root, data, pools["test"], asked.score, "test", classes)
        arms = {
            f"whole pictures, {asked.longest} px": {"image_size": str(asked.longest)},
            f"tiles of {asked.tile} px": {"tile": str(asked.tile)},
        }
        found = {name: evidence_of(root, asked, **size) for name, size in arms.items()}
    for name, (task, evidence, seconds) in found.items():
        scores = score_evidence(task, evidence)
        told = ", ".join(
            f"{k} {100 * scores[k].value:.1f} ({100 * scores[k].low:.1f} to {100 * scores[k].high:.1f})"
            for k in ("ap50", "ap")
        )
        print(f"{name}: {told}, {seconds:.0f} s", flush=True)
    (task, whole, _), (_, tiles, _) = found.values()
    gain = difference_of(task, tiles, whole)["ap50"]
    print(f"tiles minus whole, AP50: {100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})")


if __name__ == "__main__":
    main()
