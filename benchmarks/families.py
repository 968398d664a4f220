"""Which of timm's families can be cut: the smallest model of every module, at random, taken apart in the middle.

    python benchmarks/families.py [--largest 30]

Prints one line per family: stages, whether it can be run apart after a third, half and two thirds of them, or why it cannot
be used. Models above ``--largest`` million parameters are left out, and said to be. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import warnings

import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import cut
from jeoni.errors import JeoniError
from jeoni.libraries import import_timm


def smallest(names: list[str]) -> tuple[str, float]:
    """The model with the fewest parameters, and how many millions it has; counted without memory for them."""
    timm = import_timm()
    sizes = []
    for name in names:
        try:
            with torch.device("meta"):
                network = timm.create_model(name, num_classes=0)
            sizes.append((sum(p.numel() for p in network.parameters()) / 1e6, name))
        except Exception:  # some cannot be made on no device; the others of their family stand for them
            continue
    size, name = min(sizes, default=(float("inf"), names[0]))
    return name, size


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=float, default=30)
    largest = parser.parse_args().largest
    warnings.simplefilter("ignore")
    timm = import_timm()
    count = {"apart": 0, "recomputed": 0, "refused": 0, "left out": 0}
    for module in timm.list_modules():
        name, size = smallest(timm.list_models(module=module) or [module])
        if size > largest:
            count["left out"] += 1
            print(f"{module:28} left out: its smallest model has {size:.0f} million parameters", flush=True)
            continue
        try:
            backbone = load_backbone(f"untrained:{name}")
            cuts = [cut(backbone, max(1, round(backbone.n * share))) for share in (1 / 3, 1 / 2, 2 / 3)]
            kind = "apart" if all(c.apart for c in cuts) else "recomputed"
            count[kind] += 1
            print(f"{module:28} {name:40} {backbone.n:3d} stages, {kind}", flush=True)
        except JeoniError as error:
            count["refused"] += 1
            print(f"{module:28} {name:40} refused: {error}", flush=True)
        except Exception as error:  # whatever a network does at a size that is not its own
            count["refused"] += 1
            print(f"{module:28} {name:40} failed: {type(error).__name__}: {str(error)[:100]}", flush=True)
    print(count)


if __name__ == "__main__":
    main()
