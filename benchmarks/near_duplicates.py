"""What the near-duplicate threshold takes and what it leaves, measured on the ELPV solar cells.

    python benchmarks/near_duplicates.py            # 2,624 cells; under a minute on two cores
    python benchmarks/near_duplicates.py --pairs nearest.png   # also draw the most alike distinct cells

Prints the most alike pairs of cells, how many pairs are taken at several thresholds, and the share of altered copies
that is found. Cells whose files are equal byte by byte are not counted as distinct.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageEnhance

from jeoni.data.duplicates import ALIKE, near_pairs
from jeoni.data.items import content_digest
from jeoni.modalities.image.images import open_image, signature

COPIES = 300
SHOWN = 12
THRESHOLDS = (0.995, 0.998, 0.9985, 0.999, 0.9995, 0.9999)


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return open_image(buffer.getvalue(), "copy")


def resized(image: Image.Image, share: float) -> Image.Image:
    size = (round(image.width * share), round(image.height * share))
    return image.resize(size, Image.Resampling.BICUBIC)


def cropped(image: Image.Image, share: float) -> Image.Image:
    edge = round(min(image.size) * share / 2)
    return image.crop((edge, edge, image.width - edge, image.height - edge))


ALTERED: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG, quality 60": lambda i: as_jpeg(i, 60),
    "resized to 70 %": lambda i: resized(i, 0.7),
    "10 % brighter": lambda i: ImageEnhance.Brightness(i).enhance(1.1),
    "10 % darker": lambda i: ImageEnhance.Brightness(i).enhance(0.9),
    "shifted 1 px": lambda i: ImageChops.offset(i, 1, 0),
    "shifted 2 px": lambda i: ImageChops.offset(i, 2, 1),
    "cropped by 2 %": lambda i: cropped(i, 0.02),
}


def unit(signatures: np.ndarray) -> np.ndarray:
    values = signatures.astype(np.float64)
    values -= values.mean(1, keepdims=True)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)


def draw(files: list[Path], pairs: np.ndarray, out: Path) -> None:
    side = 220
    sheet = Image.new("L", (len(pairs) * side, 2 * side))
    for column, pair in enumerate(pairs):
        for row, number in enumerate(pair):
            sheet.paste(
                Image.open(files[number]).convert("L").resize((side - 4, side - 4)), (column * side, row * side)
            )
    sheet.save(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, help="draw the most alike distinct cells into this PNG")
    arguments = parser.parse_args()
    found = find_spec("elpv_dataset")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("The package elpv-dataset is needed: pip install elpv-dataset")
    files = sorted((Path(found.submodule_search_locations[0]) / "data" / "images").glob("*.png"))
    with ThreadPoolExecutor() as pool:
        raw = list(pool.map(Path.read_bytes, files))
        signatures = np.stack(list(pool.map(lambda r: signature(open_image(r, "cell")), raw)))
    vectors = unit(signatures)
    alike = vectors @ vectors.T
    first, second = np.triu_indices(len(files), 1)
    value = alike[first, second]
    digests = np.array([content_digest(r) for r in raw])
    equal = digests[first] == digests[second]
    distinct = np.where(equal, -1.0, value)
    order = np.argsort(-distinct)[:SHOWN]
    print(f"{len(files)} cells, {equal.sum()} pairs equal byte by byte")
    print("most alike of the others:")
    for k in order:
        print(f"  {value[k]:.5f}  {files[first[k]].name}  {files[second[k]].name}")
    for threshold in THRESHOLDS:
        print(f"at {threshold:.4f}: {(distinct >= threshold).sum():5d} pairs of cells taken")
    print(f"near_pairs (threshold {ALIKE}) takes {len(near_pairs(signatures))}")
    if arguments.pairs:
        draw(files, np.stack([first[order], second[order]], axis=1), arguments.pairs)
    chosen = np.random.default_rng(0).choice(len(files), COPIES, replace=False)
    print(f"altered copies of {COPIES} cells: correlation with the original (1st, 5th, 50th percentile), share found")
    for name, alter in ALTERED.items():
        copies = unit(np.stack([signature(alter(open_image(raw[i], "cell"))) for i in chosen]))
        to_original = (copies * vectors[chosen]).sum(1)
        low, five, half = np.percentile(to_original, [1, 5, 50])
        print(f"  {name:18s} {low:.5f}  {five:.5f}  {half:.5f}   {(to_original >= ALIKE).mean():6.1%}")


if __name__ == "__main__":
    main()
