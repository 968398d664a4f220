"""The Python of the README, the documentation and the notebook is run, page by page, in a folder with a few pictures."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.ko.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
BLOCK = re.compile(r"(<!-- not run:[^>]*-->\n)?```python\n(.*?)```", re.DOTALL)


def python_of(page: Path) -> str:
    if page.suffix == ".ipynb":
        cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
        return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return "\n".join(code for skip, code in BLOCK.findall(page.read_text(encoding="utf-8")) if not skip)


def own_lines(page: Path) -> str:
    """Of the Korean README, what is not run as a part of the other one: the lines with Korean words in quotes."""
    lines = [line.partition("  #")[0] for line in python_of(page).splitlines()]
    return "\n".join(["import jeoni", *(line for line in lines if not line.isascii())])


def test_the_korean_readme_has_the_code_of_the_other_with_its_own_texts():
    codes = [re.sub(r"  #.*", "", python_of(ROOT / name)) for name in ("README.md", "README.ko.md")]
    english, korean = (re.sub(r'"[^"]*"', "text", code) for code in codes)
    assert english == korean
    assert own_lines(ROOT / "README.ko.md").count("jeoni.fit(") == 1


@pytest.fixture(scope="module")
def one_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def runnable(page):
    """Pages that take longest, and whose code is much like that of others, run with the slow tests."""
    slow = pytest.mark.slow if page.name in ("coming-from.md", "adaptation-arrays.md") else ()
    return pytest.param(page, marks=slow, id=page.name)


@pytest.mark.parametrize("page", [runnable(p) for p in PAGES + NOTEBOOKS if python_of(p)])
def test_the_code_of_a_page_runs(page, make_photos, make_reviews, make_sounds, tmp_path, monkeypatch, one_cache):
    monkeypatch.setenv("JEONI_CACHE", str(one_cache))
    monkeypatch.chdir(tmp_path)
    photos = make_photos("photos", each=12)
    make_photos("new", each=2, first=900)
    lines = [f"{p.relative_to(tmp_path)},{p.parent.name}" for p in sorted(photos.rglob("*.png"))]
    (tmp_path / "labels.csv").write_text("file,defect\n" + "\n".join(lines) + "\n")
    shutil.copy(make_reviews(each=10), tmp_path / "리뷰.csv")
    make_sounds("recordings", each=8)
    # few folds, no control, no heat maps and no choice of an engine: the pages are run, not believed, here
    code = python_of(page) if page.name != "README.ko.md" else own_lines(page)
    quick = "repeats=1, folds=2, control=False, pictures=False, engine='torch'"
    code = code.replace(", control=False", "").replace("jeoni.fit(", f"jeoni.fit({quick}, data=")
    code = code.replace("TransferClassifier()", "TransferClassifier(folds=2)")
    short = "steps=3, views=1, backbone='untrained:test_resnet', learning_rate=1e-3"
    code = re.sub(r"(strategy|strategies)=", rf"{short}, \1=", code)
    code = code.replace('budgets="4,all", repeats=3', 'budgets="4", repeats=2')
    exec(compile(code, page.name, "exec"), {"__name__": "page"})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_kept_without_outputs(page):
    content = json.loads(page.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["metadata"]["kernelspec"]["name"]) == (4, "python3")
    assert len({cell["id"] for cell in content["cells"]}) == len(content["cells"])
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
