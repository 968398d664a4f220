"""The keyword arguments that editors see are the options of the specs."""

from __future__ import annotations

import runpy
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from jeoni.specs import FitSpec, keywords

SCRIPT = Path(__file__).parents[2] / "scripts" / "write_keywords.py"


def test_the_file_is_what_the_script_writes():
    written = runpy.run_path(str(SCRIPT))["written"]()
    assert Path(keywords.__file__).read_text(encoding="utf-8") == written, "run scripts/write_keywords.py"


def test_every_option_of_fit_is_a_keyword():
    assert set(get_type_hints(keywords.FitKeywords)) == {f.name for f in fields(FitSpec)}
