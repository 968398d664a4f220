"""A constructed case of negative transfer: a backbone whose training taught it nothing but noise.

    python benchmarks/negative.py [--items 500] [--repeats 5]

scikit-learn's digits, enlarged. A small network is trained from scratch on digits whose labels were shuffled, and kept.
Then the linear probe on that network is held against training from scratch on the true labels of other digits.
Expected: `hurt`; with 20 test items: `cannot tell`. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

import jeoni


def write(folder: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray((image * 255 / 16).astype(np.uint8))
        picture.resize((64, 64), Image.Resampling.BICUBIC).save(place / f"{k}.png")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    root, rng, start = Path(tempfile.mkdtemp()), np.random.default_rng(0), time.perf_counter()
    digits = load_digits()
    order = rng.permutation(len(digits.images))
    first, second = order[: asked.items], order[asked.items : 2 * asked.items]
    shuffled = write(root / "shuffled", digits.images[first], rng.permutation(digits.target[first]))
    spoilt = jeoni.fit(
        shuffled, backbone="untrained:test_resnet", strategy="scratch", learning_rate=3e-3, control=False, keep_leaks=True,
        augment="none", out=root / "spoilt",
    )  # fmt: skip
    print(f"the spoilt network: {time.perf_counter() - start:.0f} s", flush=True)
    true = write(root / "true", digits.images[second], digits.target[second])
    small = write(root / "small", digits.images[order[-100:]], digits.target[order[-100:]])
    held = write(root / "held", digits.images[order[-120:-100]], digits.target[order[-120:-100]])
    for what, data, test, repeats in (("many", true, "", asked.repeats), ("20 test items", small, str(held), 1)):
        result = jeoni.compare(
            data, test=test, backbone=str(spoilt.run / "model"), strategies="probe,scratch", budgets="all",
            repeats=repeats, stages=False, augment="none", out=root / what.replace(" ", "-"),
        )  # fmt: skip
        for p in result.points:
            print(f"{p.strategy}: {p.score.value:.4f} ({p.score.low:.4f} to {p.score.high:.4f}); {p.note}")
        print(f"{what}: {result.verdict['outcome']}. {result.summary}", flush=True)
        print("advice:", "; ".join(result.verdict["advice"]) or "none")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
