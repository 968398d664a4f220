"""Adapters on two domains of 100,000 x 1,280 single-precision features: seconds, and memory beyond the data.

    python benchmarks/adaptation_scale.py [--rows 100000] [--columns 1280]

Each method in a process of its own: fitting, then moving the source's rows. Memory is the process's peak less what it held
with both domains loaded, the moved rows included. Targets: under 20 s and 4 GB for CORAL, subspace alignment and linear
optimal transport; methods that work on pairs of rows must refuse, or stand on landmarks.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

METHODS = {
    "Standardize": {},
    "CORAL": {},
    "SubspaceAlignment": {},
    "OptimalTransport": {"method": "linear"},
    "OptimalTransport ": {"method": "sinkhorn"},
    "TCA": {},
    "KMM": {},
    "KLIEP": {},
    "ULSIF": {},
}


def measure(name: str, options: dict, rows: int, columns: int) -> dict:
    """In a process of its own."""
    import jeoni.adaptation

    rng = np.random.default_rng(0)
    Xs = rng.standard_normal((rows, columns), dtype=np.float32)
    Xt = rng.standard_normal((rows, columns), dtype=np.float32) * np.linspace(0.5, 2, columns, dtype=np.float32) + 0.5
    adapter = getattr(jeoni.adaptation, name)(**options)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    try:
        moved = adapter.fit(Xs, None, Xt).transform(Xs, source=True)
        said = "" if np.isfinite(moved).all() else "NOT FINITE"
    except ValueError as error:
        said = f"refused: {str(error).split('. ')[0]}"
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "gb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6, "said": said}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=1280)
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one.strip(), METHODS[options.one], options.rows, options.columns)))
        sys.exit()
    print(f"two domains of {options.rows:,} x {options.columns:,} float32")
    for name, given in METHODS.items():
        command = [
            sys.executable,
            __file__,
            "--one",
            name,
            "--rows",
            str(options.rows),
            "--columns",
            str(options.columns),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
        title = f"{name.strip()} {given.get('method', '')}".strip()
        print(
            f"{title:28}",
            f"{found['seconds']:6.1f} s  {found['gb']:5.2f} GB  {found['said']}"
            if found
            else f"failed ({done.returncode})",
            flush=True,
        )
