"""The pages of the documentation that are made from the code, and the menu of the site."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import jeoni
from jeoni import plugins
from jeoni.specs import ordered_fields

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_pages", ROOT / "scripts" / "docs_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def commands(pages: ModuleType) -> str:
    return pages.commands_page()


def test_every_verb_has_a_section_with_its_options(commands):
    verbs = {*plugins.names("jeoni.cli"), *plugins.names("jeoni.verbs")}
    assert {f"## jeoni {verb.replace('_', '-')}" for verb in verbs} == set(
        re.findall(r"^## jeoni .+$", commands, re.MULTILINE)
    )
    fit = commands.partition("## jeoni fit\n")[2].partition("\n## ")[0]
    for option in ordered_fields(jeoni.FitSpec):
        assert f"`--{option.name.replace('_', '-')}" in fit


def test_a_row_of_a_table_has_three_cells_whatever_the_help_says(commands):
    rows = [line for line in commands.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert all(len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", row))) == 4 for row in rows)


def test_the_options_of_a_verb_stand_in_the_page_of_python(pages):
    page = pages.on_page_markdown("<!-- options of compare -->", None, None, None)
    assert "| `budgets` | str | Labels per class, separated by commas. | `'5,10,20,50,all'` |" in page
    assert all(f"| `{option.name}` |" in page for option in ordered_fields(jeoni.CompareSpec))
    assert "| `templates` | str |" in pages.on_page_markdown("<!-- options of zero_shot -->", None, None, None)


def test_links_to_the_root_become_links_within_the_site(pages):
    assert pages.on_page_markdown("[a](../CONTRIBUTING.md)", None, None, None) == "[a](contributing.md)"


def test_the_menu_holds_every_page_once():
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\n\n")[0]
    named = re.findall(r"[\w-]+\.md", menu)
    made = {"readme.md", "commands.md", "contributing.md", "changelog.md"}
    assert len(named) == len(set(named))
    assert set(named) == {page.name for page in (ROOT / "docs").glob("*.md")} | made
