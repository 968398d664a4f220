"""Does transfer help at 20 labels per class? Probe and fine-tuning against training from scratch on ELPV solar cells.

    python benchmarks/verdict.py [--budgets 20] [--repeats 25] [--strategies probe,finetune,scratch] [--out FOLDER]

One fold of five is the test set of each draw; the scratch control gets a learning-rate search and twice the steps. Prints
accuracy with intervals, what each strategy got, and the verdict. About two hours on two cores with 25 draws, nearly all of
them for the control. Measured then: probe 4.5 points (1.7 to 7.3) and finetune 4.9 points (2.2 to 7.7) above scratch, `helped`;
with 10 draws the data cannot tell.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jeoni


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budgets", default="20")
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--strategies", default="probe,finetune,scratch")
    parser.add_argument("--out", default="")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    script = Path(__file__).parent.parent / "examples" / "solar_cells.py"
    subprocess.run([sys.executable, script, folder / "cells.csv"], check=True, stdout=subprocess.DEVNULL)
    start = time.perf_counter()
    result = jeoni.compare(
        folder / "cells.csv",
        image_column="file",
        label_column="defect",
        strategies=asked.strategies,
        budgets=asked.budgets,
        repeats=asked.repeats,
        out=asked.out or folder / "run",
    )
    for p in result.points:
        a = p.score
        print(
            f"{p.strategy}, {p.budget or 'all'} per class: accuracy {a.value:.4f} ({a.low:.4f} to {a.high:.4f}), "
            f"{p.seconds:.0f} s; {p.note}"
        )
    for c in result.verdict["comparisons"]:
        print(f"{c['outcome']}: {c['sentence']} p {c['p']:.5f}")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
