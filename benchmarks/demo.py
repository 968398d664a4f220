"""The demo's command, from the shell to the report: nothing cached, then once more.

    python benchmarks/demo.py

Prints the wall time of `jeoni fit` on the 2,624 solar cells, control included. Targets on two cores: 40 s and 8 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "cells.csv"
        subprocess.run([sys.executable, ROOT / "examples" / "solar_cells.py", table], check=True, capture_output=True)
        words = ["fit", table, "--image-column", "file", "--label-column", "defect", "--json"]
        environment = {**os.environ, "JEONI_CACHE": f"{folder}/cache"}
        for name, target in (("nothing cached", 40), ("second time", 8), ("third time", 8)):
            start = time.perf_counter()
            out = ["--out", f"{folder}/run", "--overwrite"]
            done = subprocess.run(
                [sys.executable, "-m", "jeoni", *map(str, words), *out],
                env=environment,
                capture_output=True,
                check=True,
            )
            seconds = time.perf_counter() - start
            steps = json.loads(done.stdout.splitlines()[-1])["timings"]
            inside = ", ".join(f"{k[:-2]} {v}" for k, v in steps.items() if k.endswith("_s") and k != "images_per_s")
            print(f"{name}: {seconds:.1f} s (target {target} s); {inside}", flush=True)


if __name__ == "__main__":
    main()
