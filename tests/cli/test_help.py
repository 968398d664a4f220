"""Help pages, near names and what the shell completes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, fields

import pytest
import typer

from jeoni import plugins, specs
from jeoni.cli._app import app
from jeoni.cli._help import SECTIONS, describe_command
from jeoni.specs import Options, option, section_of

SPECS = [kind for name in specs.__all__ if name.endswith("Spec") and (kind := getattr(specs, name))]
VERBS = plugins.names("jeoni.cli")


@pytest.fixture
def page(monkeypatch, capsys):
    """The help page of a verb, in a terminal of so many columns."""

    def show(verb: str, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        words = [verb] if verb else []
        command = typer.main.get_command(app)
        command.main([*words, "--help"], prog_name="jeoni", standalone_mode=False)
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize("spec", SPECS)
def test_every_option_has_a_heading(spec):
    assert {section_of(spec, f.name) for f in fields(spec)} <= set(SECTIONS)


@dataclass(frozen=True, kw_only=True)
class Group(Options):
    section = "Machine"
    here: int = option(1, "A number.")
    elsewhere: int = option(1, "A number.", section="Data")


@dataclass(frozen=True, kw_only=True)
class Joined(Group):
    section = "Output"
    own: int = option(1, "A number.")


def test_an_option_stands_under_the_heading_of_the_class_that_declares_it():
    assert [section_of(Joined, name) for name in ("here", "elsewhere", "own")] == ["Machine", "Data", "Output"]


def test_options_stand_under_their_headings_in_order(page):
    lines = page("fit").splitlines()
    headings = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Arguments", *SECTIONS, "Examples"]
    under = {}
    for line in lines:
        if line.endswith(":") and not line.startswith(" "):
            heading = line.removesuffix(":")
        elif line.startswith("  --"):
            under[line.split()[0]] = heading
    expected = {
        "--label-column": "Data",
        "--strategy": "Transfer",
        "--steps": "Training",
        "--test-fraction": "Evaluation",
    }
    assert expected.items() <= under.items()
    assert under["--workers"] == "Machine" and under["--out"] == under["--json"] == under["--help"] == "Output"


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_a_page_fits_a_terminal_of_80_columns_and_ends_in_examples(page, verb):
    lines = page(verb).splitlines()
    assert max(map(len, lines)) <= 80
    examples = lines[lines.index("Examples:") + 1 :]
    assert 1 <= len(examples) <= 3 and all(line.startswith("  jeoni ") for line in examples)


def test_a_page_takes_the_width_that_there_is(page):
    assert max(map(len, page("fit", 200).splitlines())) in range(95, 111)


def test_choices_are_shown_as_choices(page):
    said = page("fit")
    assert "--crop [squash|center] " in said and "--class-weights [auto|balanced|none]" in said
    assert "One of:" not in said


def test_the_same_option_has_the_same_name_in_every_verb():
    flags: dict[str, set[tuple[str, ...]]] = {}
    group = typer.main.get_command(app)
    for verb in VERBS:
        context = group.make_context("jeoni", [verb], resilient_parsing=True)
        for parameter in group.get_command(context, verb).params:
            if parameter.param_type_name == "option":
                flags.setdefault(parameter.name, set()).add(tuple(sorted(parameter.opts)))
    # some verbs take a further name, such as --backbones where there may be several; the usual one holds everywhere
    assert {name: said for name, said in flags.items() if not set.intersection(*map(set, said))} == {}
    items = ("--audio-column", "--column", "--image-column", "--text-column")
    assert flags["column"] == {items}, "predict takes the names by which fit calls the column of items"


def test_an_unknown_verb_is_told_the_nearest(jeoni):
    told = jeoni("fti", "photos")
    assert told.code == 2 and "There is no verb 'fti'. Did you mean fit? Verbs: adapt, cache," in told.err


def test_an_unknown_option_is_told_the_nearest(jeoni):
    told = jeoni("fit", "photos", "--stepps", "3")
    assert told.code == 2 and "--stepps" in told.err and "--steps" in told.err.partition("ossible options")[2]


def test_examples_are_the_command_lines_of_a_docstring():
    def grow():
        """Grow plants
        from ``seeds``.

        Example:
            ``jeoni.grow("seeds")``
            ``jeoni grow seeds/``
            jeoni grow seeds/ --water
        """

    assert describe_command(grow) == ("Grow plants from `seeds`.", "jeoni grow seeds/\njeoni grow seeds/ --water")


def completed(words: str) -> list[str]:
    """What bash is offered after these words."""
    typed = words.split(" ")
    env = {"_JEONI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(typed) - 1)}
    program = (
        "import os, sys\n"
        f"os.environ |= {env!r}\n"
        "from jeoni.cli._app import run\n"
        "try:\n    run()\n"
        "finally:\n    sys.stderr.write(' '.join({'torch', 'timm', 'numpy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == "", "nothing large is imported to complete a word"
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("jeoni f", ["fit"]),
        ("jeoni fit --learn", ["--learning-rate"]),
        ("jeoni fit --strategy gra", ["gradual"]),
        ("jeoni compare --strategies probe,finetune,pro", []),
        ("jeoni compare --strategies probe,scr", ["probe,scratch"]),
        ("jeoni adapt --method cor", ["coral"]),
        ("jeoni fit --backbone efficientnet_lite1", ["efficientnet_lite1"]),
        ("jeoni fit --backbone tim", ["timm:"]),
        ("jeoni fit --crop s", ["squash"]),
        ("jeoni cache cl", ["clear"]),
        ("jeoni list dist", ["distances"]),
    ],
)
def test_the_shell_completes(words, offered):
    assert completed(words) == offered
