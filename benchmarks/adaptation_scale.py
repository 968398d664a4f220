"""Adapters on two domains of 100,000 x 1,280 single-precision features: seconds, and memory beyond the data.

    python benchmarks/adaptation_scale.py [--rows 100000] [--columns 1280]

Each method in a process of its own: fitting, then moving the source's rows. Memory is the process's peak less what it held
with both domains loaded (1.02 GB); the moved rows, another 0.51 GB, are counted. Targets: under 20 s and 4 GB for CORAL,
subspace alignment and linear optimal transport. Methods that work on pairs of rows must refuse, or stand on landmarks.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Standardize", {}),
    ("CORAL", {}),
    ("CORAL", {"reg": "shrink"}),
    ("SubspaceAlignment", {}),
    ("OptimalTransport", {"method": "linear"}),
    ("OptimalTransport", {"method": "emd"}),
    ("OptimalTransport", {"method": "sinkhorn"}),
    ("TCA", {"kernel": "linear"}),
    ("TCA", {"kernel": "rbf"}),
    ("KMM", {}),
    ("KLIEP", {}),
    ("ULSIF", {}),
)


def measure(name: str, options: dict[str, Any], rows: int, columns: int) -> dict[str, Any]:
    """In a process of its own."""
    import jeoni.adaptation

    rng = np.random.default_rng(0)
    Xs, Xt = (rng.standard_normal((rows, columns), dtype=np.float32) for _ in range(2))
    Xt *= np.linspace(0.5, 2, columns, dtype=np.float32)  # in place: the peak before the fit is the data
    Xt += 0.5
    adapter = getattr(jeoni.adaptation, name)(**options)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, busy = time.perf_counter(), time.process_time()
    try:
        moved = adapter.fit(Xs, None, Xt).transform(Xs, source=True)
        said = "" if all(np.isfinite(part).all() for part in np.array_split(moved, 100)) else "NOT FINITE"
        if getattr(adapter, "approximate_", False):
            said += f"{len(adapter.landmarks_)} landmarks"
    except ValueError as error:
        said = f"refused: {str(error).split('. ')[0]}"
    return {
        "seconds": time.perf_counter() - start,
        "busy": time.process_time() - busy,
        "gb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6,
        "said": said,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=1280)
    parser.add_argument("--one", type=int, default=-1, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one >= 0:
        print(json.dumps(measure(*METHODS[asked.one], asked.rows, asked.columns)))
        return
    print(f"two domains of {asked.rows:,} x {asked.columns:,} float32")
    size = ["--rows", str(asked.rows), "--columns", str(asked.columns)]
    for k, (name, given) in enumerate(METHODS):
        command = [sys.executable, __file__, "--one", str(k), *size]
        done = subprocess.run(command, capture_output=True, text=True)
        title = " ".join([name, *map(str, given.values())])
        if done.returncode:
            print(f"{title:28} failed ({done.returncode})", flush=True)
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        times = f"{found['seconds']:6.1f} s ({found['busy']:6.1f} of processors)"
        print(f"{title:28} {times}  {found['gb']:5.2f} GB  {found['said']}", flush=True)


if __name__ == "__main__":
    main()
