"""Write the table of the ELPV solar cells (Deitsch et al. 2019): defective if the experts' probability is at least 0.5.

The 2,624 electroluminescence images come with the package ``elpv-dataset`` (extra ``demo``) and stay where they are;
their licence is CC BY-NC-SA 4.0. Usage: python examples/solar_cells.py demo/solar-cells.csv
"""

from __future__ import annotations

import csv
import sys
from importlib.util import find_spec
from pathlib import Path


def main(out: Path) -> None:
    spec = find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        sys.exit("The images come with a package: pip install 'jeoni[demo]'")
    folder = Path(spec.origin).parent / "data"
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "defect", "cell"])
        for line in (folder / "labels.csv").read_text(encoding="utf-8").splitlines():
            path, probability, cell = line.split()
            writer.writerow([folder / path, "defective" if float(probability) >= 0.5 else "sound", cell])
    print(f"{out}: one line per cell")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
