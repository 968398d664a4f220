"""From one real domain to another, from raw images, audio and texts: source only, adapters, deep methods, `auto`.

    python benchmarks/real_domains.py [--pairs elpv,fsdd,reviews] [--methods ...] [--seeds 1] [--frozen auto] [--steps 0]

elpv: monocrystalline solar cells to polycrystalline ones and back (package elpv-dataset, extra demo); fsdd: spoken digits of one
speaker to another; reviews: books to kitchen and back, 1,000 reviews each, MiniLM. Every run is `jeoni.adapt`; target labels score
only. `target-trained` is what labels of the target would give: `jeoni fit` on the target itself, by its own test items. Printed are target accuracy and
balanced accuracy, their mean over seeds (± standard deviation of the first), the difference to source only with the 95 % interval of the last seed's paired verdict, and
seconds with features cached. The deep methods take minutes each on two cores.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared

import jeoni
from jeoni import plugins
from jeoni.adaptation.methods import DEEP

PAIRS = {
    "elpv": (("mono", "poly"), ("poly", "mono")),
    "fsdd": (("jackson", "theo"), ("theo", "jackson")),
    "reviews": (("books", "kitchen"), ("kitchen", "books")),
}
SHALLOW = "standardize,coral,subspace_alignment,tca,optimal_transport,msda,kmm,kliep,ulsif,discriminative,em,bbse,rlls"
TRAINED = "adabn,tent,shot,mcc,mcd,dann,adda,cdan,deep_coral,dan,self_training"
METHODS = f"source_only,{SHALLOW},auto,{TRAINED}"
NEEDS_BATCH_NORM = ("adabn", "tent")


def tables(pair: str, folder: Path) -> dict[str, Path]:
    """A table per domain."""
    rows: dict[str, list[tuple[str, str]]] = {}
    if pair == "elpv":
        spec = find_spec("elpv_dataset")
        if spec is None or spec.origin is None:
            sys.exit("The images come with a package: pip install 'jeoni[demo]'")
        root = Path(spec.origin).parent / "data"
        for line in (root / "labels.csv").read_text(encoding="utf-8").splitlines():
            path, probability, cell = line.split()
            rows.setdefault(cell, []).append((str(root / path), "defective" if float(probability) >= 0.5 else "sound"))
    elif pair == "fsdd":
        for path in sorted(shared("fsdd").glob("*.wav")):
            digit, speaker, _ = path.stem.split("_")
            rows.setdefault(speaker, []).append((str(path), f"digit {digit}"))
    else:
        for domain in ("books", "kitchen"):
            with open(shared("amazon_reviews") / f"{domain}.csv", newline="", encoding="utf-8") as file:
                content = [(r["text"], r["label"]) for r in csv.DictReader(file)]
            order = np.random.default_rng(0).permutation(len(content))[:1000]
            rows[domain] = [content[i] for i in order]
    found = {}
    for domain, lines in rows.items():
        found[domain] = folder / f"{pair}-{domain}.csv"
        with open(found[domain], "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text" if pair == "reviews" else "file", "label"])
            writer.writerows(lines)
    return found


def main(pairs: list[str], methods: list[str], seeds: int, recipe: dict[str, Any], folder: Path) -> None:
    trains = plugins.names(DEEP)
    for pair in pairs:
        made = tables(pair, folder)
        for source, target in PAIRS[pair]:
            print(f"\n{pair}: {source} to {target}", flush=True)
            jeoni.adapt(made[source], made[target], method="source_only", out=folder / "warm", overwrite=True)
            for method in methods:
                if method in NEEDS_BATCH_NORM and pair == "reviews":
                    continue
                unused = {"adabn": ("steps",)}.get(method, ()) if method in trains else tuple(recipe)
                used = {k: v for k, v in recipe.items() if k not in unused}
                found, start = [], time.perf_counter()
                for seed in range(seeds if method in (*trains, "auto") else 1):
                    try:
                        result = jeoni.adapt(
                            made[source],
                            made[target],
                            method=method,
                            seed=seed,
                            out=folder / "run",
                            overwrite=True,
                            **used,
                        )
                    except jeoni.JeoniError as error:  # such as weights that rest on a handful of items
                        print(f"  {method:20} refused: {error}", flush=True)
                        break
                    scores = result.metrics["target"]["metrics"]
                    found.append([scores[k]["value"] for k in ("accuracy", "balanced_accuracy")])
                if not found:
                    continue
                seconds = (time.perf_counter() - start) / len(found)
                accuracy, balanced = 100 * np.mean(found, axis=0)
                spread = f"±{100 * np.std([a for a, _ in found], ddof=1):4.1f}" if len(found) > 1 else ""
                verdict = result.metrics["verdict"]
                d = verdict["difference"] if verdict else None
                said = (
                    f"{100 * d['value']:+5.1f} ({100 * d['low']:+.1f} to {100 * d['high']:+.1f}) {verdict['outcome']}"
                    if d
                    else ""
                )
                chosen = f"[{result.method}: {result.metrics['why']}]" if method == "auto" else ""
                print(
                    f"  {method:20} {accuracy:5.1f} {spread:5}  balanced {balanced:5.1f}  {seconds:6.0f} s  {said} {chosen}",
                    flush=True,
                )
            own = jeoni.fit(made[target], control=False, out=folder / "own", overwrite=True)
            score = own.metrics[own.metrics["estimate"]]
            print(f"  {'target-trained':20} {100 * score['accuracy']['value']:5.1f}  balanced {100 * score['balanced_accuracy']['value']:5.1f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", default="elpv,fsdd,reviews")
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--frozen", default="auto", help="as of jeoni adapt")
    parser.add_argument("--steps", type=int, help="as of jeoni adapt")
    options = parser.parse_args()
    recipe = {"frozen": options.frozen, "steps": options.steps}
    with tempfile.TemporaryDirectory() as name:
        main(options.pairs.split(","), options.methods.split(","), options.seeds, recipe, Path(name))
