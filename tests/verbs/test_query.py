"""`jeoni query`: the loop closes, the simulation is honest, and bad input is said."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import jeoni
from jeoni.errors import ConfigError, DataError
from jeoni.report import render
from jeoni.report.result import result_lines
from jeoni.runs import read_json
from jeoni.runs.contents import foreign_files
from tests.conftest import TINY, save_photos

QUICK = {"backbone": TINY, "engine": "torch", "quiet": True}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Pictures with and without folders for their classes, and one cache for all tests."""
    root = tmp_path_factory.mktemp("query")
    classes = save_photos(root / "classes", classes=2, each=12)
    flat = root / "flat"
    flat.mkdir()
    for file in sorted(classes.glob("*/*.png")):
        shutil.copy(file, flat / f"{file.parent.name}-{file.name}")
    return root


@pytest.fixture(autouse=True)
def own_cache(kept, monkeypatch):
    monkeypatch.setenv("JEONI_CACHE", str(kept / "cache"))


def filled(queries, path):
    """The list with the classes that the files' names tell."""
    queries["label"] = [name.split("-")[0] for name in queries["path"]]
    queries.to_csv(path, index=False)
    return path


def test_the_list_that_is_filled_in_is_read_back(kept, tmp_path):
    first = jeoni.query(kept / "flat", budget=6, out=tmp_path / "first", **QUICK)
    assert first.method == "kmeans" and list(first.queries["rank"]) == [1, 2, 3, 4, 5, 6]
    assert list(first.queries.columns) == ["rank", "path", "score", "suggested", "confidence", "label"]
    labels = filled(first.queries, tmp_path / "labels.csv")
    assert not list(foreign_files(first.run))
    second = jeoni.query(kept / "flat", labelled=labels, budget=6, out=tmp_path / "second", **QUICK)
    assert second.method == "dropquery" and not set(first.queries["path"]) & set(second.queries["path"])
    assert set(second.queries["suggested"]) <= {"class_0", "class_1"}
    more = filled(second.queries, tmp_path / "more.csv")
    third = jeoni.query(kept / "flat", labelled=[labels, more], budget=12, out=tmp_path / "third", **QUICK)
    assert third.metrics["labelled"] == 12 and third.metrics["pool"] == 12


def test_the_page_shows_thumbnails_in_order_and_the_map_in_both_languages(kept, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\nclass_0-000.png,left\nclass_1-000.png,right\n", encoding="utf-8")
    run = jeoni.query(kept / "flat", labelled=labels, budget=5, method="margin", out=tmp_path / "run", **QUICK).run
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 5 and "no. 5" in page and "perhaps" in page
    assert page.count('class="asked"') == 5 and page.count('class="rest"') == 17
    assert read_json(run / "run.json")["kind"] == "querying"
    korean = render(run, "ko").read_text(encoding="utf-8")
    assert "다음에 레이블을 붙일 데이터" in korean and "What to label next" not in korean
    assert any("5 items to label next" in line for line in result_lines(run))


def test_labelled_items_from_elsewhere_teach_and_copies_of_them_are_not_asked_for(kept, tmp_path):
    elsewhere = save_photos(tmp_path / "known", classes=2, each=2)  # the pool's first ones again
    found = jeoni.query(kept / "flat", labelled=elsewhere, budget=20, method="random", out=tmp_path / "run", **QUICK)
    assert found.metrics["labelled"] == 4 and found.metrics["pool"] == 20
    assert not any(name.endswith(("000.png", "001.png")) for name in found.queries["path"])


def test_a_folder_per_class_inside_the_pool_is_what_is_labelled(kept, tmp_path):
    pool = shutil.copytree(kept / "flat", tmp_path / "pool")
    for kind in (0, 1):
        (pool / "done" / f"class_{kind}").mkdir(parents=True)
        shutil.move(pool / f"class_{kind}-003.png", pool / "done" / f"class_{kind}" / "003.png")
    found = jeoni.query(pool, labelled=pool / "done", budget=22, method="random", out=tmp_path / "run", **QUICK)
    assert found.metrics["pool"] == 22 and not any("done" in name for name in found.queries["path"])


def test_a_table_that_is_labelled_in_part_is_pool_and_labels(tmp_path):
    rows = [f"{k % 7},{k % 3},{('no', 'yes')[k % 2] if k < 8 else ''}" for k in range(30)]
    (tmp_path / "half.csv").write_text("\n".join(["a,b,label", *rows]), encoding="utf-8")
    found = jeoni.query(tmp_path / "half.csv", budget=4, method="entropy", out=tmp_path / "run", quiet=True)
    assert found.metrics["labelled"] == 8 and set(found.queries["suggested"]) <= {"no", "yes"}
    assert found.queries["line"].min() > 9


def features(path, n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    np.savez(path, X=rng.normal(size=(n, 3)) * [1, 1, 1000] + 4 * y[:, None] * [1, 1, 0], y=y)
    return path


def test_a_simulation_compares_with_random_and_says_how_many_labels_are_saved(tmp_path):
    data = features(tmp_path / "a.npz")
    found = jeoni.query(
        data, simulate=True, budget=20, rounds=4, draws=3, method="margin,typiclust", out=tmp_path / "run", quiet=True
    )
    simulation = found.metrics["simulation"]
    assert [one["name"] for one in simulation["methods"]] == ["margin", "typiclust"]
    assert {(p["strategy"], p["budget"]) for p in simulation["points"]} == {
        (name, n) for name in ("margin", "typiclust", "random") for n in (5, 10, 15, 20)
    }
    assert simulation["pool"] + simulation["scored"] == 60
    page = (found.run / "report.html").read_text(encoding="utf-8")
    assert "Accuracy over labels" in page and "labels saved" in page and "<svg" in page
    with pytest.raises(AttributeError, match="holds a simulation, which asks for no labels"):
        _ = found.queries


def test_the_head_and_the_seed_decide_and_the_command_line_gives_json(tmp_path, monkeypatch, capsys):
    from jeoni.cli import _app

    data = features(tmp_path / "a.npz")
    words = [
        "query",
        data,
        "--simulate",
        "--budget",
        6,
        "--draws",
        2,
        "--rounds",
        2,
        "--head",
        "prototype",
        "--json",
        "--quiet",
    ]
    monkeypatch.setattr("sys.argv", ["jeoni", *map(str, words), "--out", str(tmp_path / "run")])
    assert _app.run() == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["head"] == "prototype" and said["simulation"]["draws"] == 2


def test_the_command_line_shows_the_first_of_the_list(kept, tmp_path, monkeypatch, capsys):
    from jeoni.cli import _app

    words = ["query", kept / "flat", "--budget", 11, "--backbone", TINY, "--engine", "torch", "--quiet"]
    monkeypatch.setattr("sys.argv", ["jeoni", *map(str, words), "--out", str(tmp_path / "run")])
    assert _app.run() == 0
    said = capsys.readouterr().out
    assert "and 1 more" in said and "queries.csv" in said and "class_" in said


@pytest.mark.parametrize(
    "given, options, said",
    [
        ("flat", {"budget": 25}, r"The budget is 25, and .*flat holds 24 items without a label. Ask for 24 at most"),
        ("classes", {}, r"All 24 items of .*classes have a label already, .*jeoni fit.*--simulate"),
        ("flat", {"simulate": True}, r"flat has no labels, and a simulation labels again what has labels"),
        (
            "classes",
            {"simulate": True, "budget": 17},
            r"The budget is 17, and a simulation on .* has a pool of 16 items",
        ),
        ("flat", {"labelled": "nowhere/"}, r"--labelled: nowhere/ does not exist. Needed: a table .* or a folder"),
        ("flat", {"labelled": {"z.png": "a"}}, r"None of the 1 items that the labels labels is in the data"),
    ],
    ids=["budget", "all labelled", "nothing to simulate", "large simulation", "no such labels", "strangers"],
)
def test_what_cannot_be_asked_is_said_before_anything_is_computed(given, options, said, kept, tmp_path):
    with pytest.raises(DataError, match=said):
        jeoni.query(kept / given, out=tmp_path / "run", **{"budget": 5, **QUICK, **options})
    assert not (tmp_path / "run").exists()


def test_an_empty_folder_is_no_pool(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="is empty"):
        jeoni.query(tmp_path / "empty", out=tmp_path / "run", **QUICK)


def test_a_simulation_needs_two_classes(tmp_path):
    one = save_photos(tmp_path / "one", classes=1, each=6)
    with pytest.raises(DataError, match=r"All labels of .*one are 'class_0'. A simulation needs two classes"):
        jeoni.query(one, simulate=True, budget=3, out=tmp_path / "run", **QUICK)


def test_another_modality_is_not_labelled_data_of_the_pool(kept, tmp_path, make_reviews):
    with pytest.raises(DataError):
        jeoni.query(kept / "flat", labelled=jeoni.load_data(make_reviews()), budget=3, out=tmp_path / "run", **QUICK)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"method": "margin"}, r"margin goes by a classifier, .* there are no labels"),
        ({"method": "margn"}, r"'margn' is no query method"),
        ({"method": "margin,badge"}, r"one list is made by one method"),
        ({"method": ""}, r"one is needed, or different ones with commas between"),
        ({"method": "margin,badge", "simulate": True, "set": "a=1"}, r"several methods have several settings"),
        ({"head": "lineer"}, r"lineer"),
        ({"budget": 0}, r"budget is 0; it must"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, said, kept, tmp_path):
    with pytest.raises(ConfigError, match=said):
        jeoni.query(kept / "flat", out=tmp_path / "run", **{"budget": 5, **QUICK, **options})
