"""What is there is neither lost nor overwritten, and names of any bytes come out as text."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TINY, make_picture

OPTIONS = ("--backbone", TINY, "--repeats", 1, "--no-control")


def fit(jeoni, data, out, *words):
    return jeoni("fit", data, *OPTIONS, "--out", out, *words)


@pytest.fixture
def fitted(plain_run, make_photos, tmp_path):
    shutil.copytree(plain_run, tmp_path / "run")
    return make_photos(), tmp_path / "run"


def state(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_data_test_set_weights_and_backbone_are_not_overwritten_by_the_run(jeoni, fitted, make_photos, tmp_path):
    photos, run = fitted
    (tmp_path / "link").symlink_to(run)
    (tmp_path / "set").mkdir()
    make_photos("set/photos")
    before = state(tmp_path / "set"), state(run)
    for data, out, words, said in (
        (tmp_path / "set" / "photos", tmp_path / "set", (), "is not a run folder"),
        (photos, photos / "run", (), "lies in the data"),
        (photos, run, ("--backbone", run / "model"), "contains the backbone"),
        (photos, tmp_path / "link", ("--backbone", f"checkpoint:{run / 'model'}"), "contains the backbone"),
        (
            photos,
            run,
            ("--backbone", "timm:test_resnet", "--weights", run / "model" / "model.safetensors"),
            "contains the weights",
        ),
    ):
        outcome = fit(jeoni, data, out, "--overwrite", *words)
        assert outcome.code == 1 and said in outcome.err, outcome.err
    assert before == (state(tmp_path / "set"), state(run))


def test_an_unreadable_data_set_does_not_cost_the_old_run(jeoni, fitted, tmp_path):
    photos, run = fitted
    before = state(run)
    (photos / "class_0" / "bad.png").write_bytes(b"no picture")
    outcome = fit(jeoni, photos, run, "--overwrite", "--strict")
    assert outcome.code == 1 and "bad.png" in outcome.err
    assert state(run) == before and not list(tmp_path.glob("run.*"))
    assert fit(jeoni, photos, run, "--overwrite").code == 0
    assert state(run) != before and not list(tmp_path.glob("run.*"))


@pytest.mark.slow
def test_an_interrupted_replacement_is_resumed_and_then_takes_the_place(jeoni, fitted, tmp_path, monkeypatch):
    from jeoni.training import loop

    photos, run = fitted
    before, step, made = state(run), loop._State.make_step, []

    def stopped(*args):
        made.append(0)
        if len(made) == 6:
            raise KeyboardInterrupt
        return step(*args)

    words = ("--strategy", "finetune", "--steps", "8", "--batch-size", "8", "--views", "2")
    with monkeypatch.context() as patched:
        patched.setattr(loop._State, "make_step", stopped)
        outcome = fit(jeoni, photos, run, "--overwrite", *words)
    assert outcome.code == 130 and f"jeoni fit --resume {run}.unfinished" in outcome.err, outcome.err
    assert state(run) == before
    outcome = jeoni("fit", "--resume", run)
    assert outcome.code == 0 and f"{run}/report.html" in outcome.out, outcome.err
    record = json.loads((run / "run.json").read_text())
    assert record["spec"]["strategy"] == "finetune" and "state" not in record
    assert not list(tmp_path.glob("run.*")) and not (run / "checkpoints").exists()


def test_a_disk_that_fills_up_after_the_model_was_saved_does_not_cost_it(jeoni, make_photos, tmp_path, monkeypatch):
    from jeoni.runs import RunFolder

    genuine = RunFolder.write_json

    def full(run, name, content):
        if name == "metrics.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        genuine(run, name, content)

    photos = make_photos()
    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "write_json", full)
        outcome = fit(jeoni, photos, tmp_path / "run")
    assert outcome.code == 1 and "No space left on device" in outcome.err
    assert f"The model was saved before that and is kept: {tmp_path / 'run' / 'model'}" in outcome.err
    assert jeoni("predict", tmp_path / "run" / "model", photos, "--out", tmp_path / "p.csv").code == 0
    assert jeoni("fit", "--resume", tmp_path / "run").code == 0
    assert (tmp_path / "run" / "report.html").exists()


def test_predictions_replace_neither_their_input_nor_a_model_nor_a_run(jeoni, fitted, tmp_path):
    photos, run = fitted
    table = tmp_path / "t.csv"
    table.write_text("".join(["file\n", *(f"{p}\n" for p in sorted(photos.rglob("*.png")))]))
    (tmp_path / "hard.csv").hardlink_to(table)
    (tmp_path / "soft.csv").symlink_to(table)
    before = state(tmp_path)
    for out, said in (
        (table, "is the data"),
        (tmp_path / "hard.csv", "is the data"),
        (tmp_path / "soft.csv", "is the data"),
        (run / "model" / "config.json", "lies in the model"),
        (run / "predictions.csv", "is a file of the run"),
        (tmp_path, "contains the data"),
        (photos, "is a folder"),
        (tmp_path / "no" / "p.csv", "does not exist"),
        (tmp_path / ("n" * 300), "File name too long"),
    ):
        outcome = jeoni("predict", run / "model", table, "--out", out)
        assert outcome.code == 1 and said in outcome.err, (out, outcome.err)
    assert state(tmp_path) == before
    outcome = jeoni("predict", run / "model", table, "--out", tmp_path / "p.csv", "--workers", "-1")
    assert outcome.code == 1 and "workers is -1" in outcome.err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take names in UTF-8 only")
def test_names_of_any_bytes_come_out_as_text(jeoni, tmp_path):
    names = {0: b"caf\xe9", 1: b"=kind"}
    for kind, name in names.items():
        folder = os.fsencode(tmp_path / "photos") + b"/" + name
        Path(os.fsdecode(folder)).mkdir(parents=True)
        for k in range(12):
            with open(folder + b"/\x1b[31m%d\xff.png" % k, "wb") as file:
                make_picture(kind, k).save(file, "PNG")
    (tmp_path / "photos" / "=kind" / "bad\x1b[2J.png").write_bytes(b"no picture")
    outcome = fit(jeoni, tmp_path / "photos", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    assert "\x1b" not in outcome.err and "bad\\x1b[2J.png" in outcome.err
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["class_names"] == ["=kind", "caf\\xe9"]
    with open(tmp_path / "run" / "predictions.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {r["label"] for r in rows} == {"'=kind", "caf\\xe9"} and all("\\xff.png" in r["path"] for r in rows)
    for out in ((), ("--out", tmp_path / "p.csv")):
        outcome = jeoni("predict", tmp_path / "run", tmp_path / "photos", *out)
        assert outcome.code == 0 and ("caf\\xe9" in outcome.out or out), outcome.err
    outcome = jeoni("evaluate", tmp_path / "run", tmp_path / "photos", "--json")
    assert outcome.code == 0 and "\\\\xe9" in outcome.out, outcome.err


@pytest.mark.parametrize("option", ["steps", "views", "batch-size", "mixup", "patience", "learning-rate", "seconds"])
def test_minus_one_on_the_command_line_is_no_way_to_leave_an_option_out(jeoni, tmp_path, option):
    outcome = jeoni("fit", tmp_path, "--strategy", "finetune", f"--{option}", "-1")
    assert outcome.code == 1 and f"{option.replace('-', '_')} is -1" in outcome.err and "left out" in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seed", "-1"), "seed is -1"),
        (("--repeats", "-1"), "repeats is -1"),
        (("--workers", "-1"), "workers is -1"),
        (("--mixup", "inf"), "mixup is inf"),
        (("--cache-gb", "nan"), "cache_gb is nan"),
        (("--batch-size", "9" * 20), "batch_size is 999"),
        (("--out", "n" * 300), "File name too long"),
    ],
)
def test_numbers_and_paths_that_cannot_be(jeoni, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    np.savez("v.npz", X=np.eye(8), y=np.arange(8) % 2)
    outcome = jeoni("fit", "v.npz", *words)
    assert outcome.code == 1 and said in outcome.err, outcome.err
    assert [p.name for p in tmp_path.iterdir()] == ["v.npz"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("run.json", "[]"),
        ("run.json", '{"jeoni": "1", "kind": ["comparison"]}'),
        ("run.json", "{}"),
        ("metrics.json", "{}"),
        ("metrics.json", "nul"),
        ("issues.csv", "a,b\n1\n"),
        ("figures/gallery.json", '{"mistakes": [{"thumb": "/dev/zero"}]}'),
        ("figures/gallery.json", '{"mistakes": [{"thumb": "../run.json"}]}'),
        ("figures/explanations.json", '{"hits": 3}'),
    ],
)
def test_a_report_of_changed_records_is_refused_in_a_sentence(jeoni, fitted, file, content):
    _, run = fitted
    (run / file).write_text(content)
    before = (run / "report.html").read_bytes()
    outcome = jeoni("report", run)
    assert outcome.code == 1 and str(run) in outcome.err and outcome.err.endswith("."), outcome.err
    assert (run / "report.html").read_bytes() == before


@pytest.mark.parametrize("content", ["{}", "[]", '{"verb": "fit", "inputs": {"data": 3}, "command": "", "spec": {}}',
                                     '{"verb": "fit", "inputs": {"data": "d"}, "command": "", "spec": {"steps": "x"}}',
                                     '{"verb": "fit", "inputs": {"data": "d"}, "command": "", "spec": {"steps": 1}}'])  # fmt: skip
def test_a_run_whose_record_was_changed_is_not_resumed(jeoni, tmp_path, content):
    (tmp_path / "run.json").write_text('{"state": "unfinished"}')
    (tmp_path / "spec.json").write_text(content)
    outcome = jeoni("fit", "--resume", tmp_path)
    assert outcome.code == 1 and outcome.err.startswith("jeoni: "), outcome.err


def test_quiet_leaves_only_the_result(jeoni, plain_run, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.png").write_bytes((plain_run.parent / "photos" / "class_0" / "000.png").read_bytes())
    (folder / "b.png").write_bytes(b"no picture")
    assert "unreadable" in jeoni("predict", plain_run / "model", folder, "--json").err
    done = jeoni("predict", plain_run / "model", folder, "--json", "--quiet")
    assert done.code == 0 and done.err == "" and '"skipped": 1' in done.out
