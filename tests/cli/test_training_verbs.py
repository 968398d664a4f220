"""Fine-tuning, resumption and comparison as a user meets them."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tests.conftest import TINY, save_photos

QUICK = ("--backbone", TINY, "--steps", "8", "--batch-size", "8", "--views", "2", "--no-control")


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def tuned(kept, jeoni, tmp_path_factory):
    """Made once, and left as it is."""
    if not kept:
        root = tmp_path_factory.mktemp("tuned")
        photos, held = save_photos(root / "photos", each=32), save_photos(root / "held", each=12, first=200)
        outcome = jeoni("fit", photos, "--test", held, "--strategy", "finetune", "--out", root / "run", *QUICK)
        assert outcome.code == 0, outcome.err
        kept.update(run=root / "run", outcome=outcome)
    return kept["run"], kept["outcome"]


def test_fine_run_says_what_it_did_stage_by_stage(tuned):
    run, outcome = tuned
    record, metrics = (json.loads((run / name).read_text()) for name in ("run.json", "metrics.json"))
    states = [s["state"] for s in record["cut"]["stages"]]
    assert states[:4] == ["frozen"] * 4 and "trained" in states
    training = record["training"]
    assert training["frozen_identical"] is True and training["recipe"]["steps"] == 8
    assert training["rows"]["cached"] and training["rows"]["views"] == 2
    assert all((s["learning_rate"] is None) == (s["state"] != "trained") for s in record["cut"]["stages"])
    assert {s["batch_norm"] for s in record["cut"]["stages"]} <= {"own", ""}
    kept = [s["kept_bytes"] for s in record["cut"]["stages"]]
    assert (
        kept.index(training["rows"]["row_bytes"]) == record["cut"]["frozen"] - 1 and kept.count(None) == len(kept) - 1
    )
    assert "identical, bit for bit" in outcome.out and "learning rate" in outcome.out and "kept" in outcome.out
    assert {"probe", "beyond_probe"} <= metrics["control"].keys()
    assert "linear probe" in metrics["summary"] and "probe" in outcome.out
    page = (run / "report.html").read_text()
    assert {"hits", "mistakes"} == json.loads((run / "figures" / "explanations.json").read_text()).keys()
    for text in ("Training curve", "Grad-CAM", "identical, bit for bit", "learning rate", "random views"):
        assert text in page
    assert not (run / "checkpoints").exists()


RUN = """
import sys
from jeoni.strategies.finetuning import setup
from jeoni.training import loop
train = loop.train
setup.train = lambda job, folder, every_s, *rest: train(job, folder, 0.0, *rest)
from jeoni.cli import main
sys.exit(main())
"""


def test_a_killed_run_goes_on_to_the_same_scores_and_weights(jeoni, make_photos, tmp_path):
    photos, held = make_photos(each=24), make_photos("held", each=8, first=200)
    words = ["fit", photos, "--test", held, "--strategy", "finetune", *QUICK]
    words[words.index("8")] = "40"
    assert jeoni(*words, "--out", tmp_path / "undisturbed").code == 0

    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(RUN))
    killed = subprocess.Popen([sys.executable, str(script), *map(str, words), "--out", str(tmp_path / "killed")])
    deadline = time.monotonic() + 90
    while not list((tmp_path / "killed" / "checkpoints").glob("*.safetensors")):
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.1)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()

    again = jeoni(*words, "--out", tmp_path / "killed")
    assert again.code == 1 and f"--resume {tmp_path / 'killed'}" in again.err
    outcome = jeoni("fit", "--resume", tmp_path / "killed")
    assert outcome.code == 0, outcome.err
    for name in ("metrics.json", "predictions.csv", "model/model.safetensors"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes(), name


def test_there_must_be_data_or_a_run_to_go_on_with(jeoni, tuned, make_photos):
    run, _ = tuned
    assert "is complete; there is nothing to resume" in jeoni("fit", "--resume", run).err
    assert "not a run that can be resumed" in jeoni("fit", "--resume", run / "model").err
    for words in ([], [run, "--resume", run]):
        outcome = jeoni("fit", *words)
        assert outcome.code == 1 and "--resume RUN" in outcome.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--frozen", "blok 2"], "The stages: stem"),
        (["--frozen", "99"], "a number from 0 to 6"),
        (["--augment", "medcal"], "medical"),
        (["--steps", "0"], "steps is 0; it must be above 0"),
        (["--ema", "1.5"], "between 0 and 1"),
        (["--strategy", "fintune"], "Did you mean finetune"),
    ],
)
def test_options_of_training_that_cannot_be(jeoni, make_photos, tmp_path, options, said):
    words = [*QUICK, "--out", tmp_path / "run"]
    outcome = jeoni("fit", make_photos(), "--strategy", "finetune", *words, *options)
    assert outcome.code == 1 and said in outcome.err, outcome.err
    assert not (tmp_path / "run").exists()


def test_a_comparison_gives_curves_and_a_verdict(jeoni, make_photos, tmp_path):
    photos = make_photos(classes=2, each=16)
    words = [
        "compare",
        photos,
        "--strategies",
        "probe,finetune,scratch",
        "--budgets",
        "4,all",
        "--repeats",
        "2",
        "--learning-rate",
        "0.001",
    ]
    outcome = jeoni(*words, *QUICK[:-1], "--out", tmp_path / "run", "--json")
    assert outcome.code == 0, outcome.err
    verdict = json.loads(outcome.out.strip().splitlines()[-1])
    assert verdict["outcome"] in ("helped", "hurt", "cannot tell") and verdict["control"] == "scratch"
    asked = [(c["strategy"], c["control"], c["budget"]) for c in verdict["comparisons"]]
    assert set(asked) == {
        (ours, against, budget)
        for budget in (4, None)
        for ours, against in (("probe", "scratch"), ("finetune", "scratch"), ("finetune", "probe"))
    }
    for c in verdict["comparisons"]:
        assert c["difference"]["low"] <= c["difference"]["value"] <= c["difference"]["high"]
    rows = list(csv.DictReader((tmp_path / "run" / "trials.csv").read_text().splitlines()))
    assert len(rows) == 3 * 2 * 2
    assert {(r["budget"], r["n_train"]) for r in rows if r["strategy"] == "probe"} >= {("4", "8")}
    assert all("of 8 steps" in r["note"] for r in rows if r["strategy"] != "probe")
    found = json.loads((tmp_path / "run" / "comparison.json").read_text())
    assert found["stages"][0]["name"] == "stem" and len(found["stages"]) == 6
    page = (tmp_path / "run" / "report.html").read_text()
    for text in (
        "Learning curve: Accuracy by training examples",
        "Linear probe by stage",
        "Labels and time that scratch would need",
        "jeoni compare",
    ):
        assert text in page
    (tmp_path / "run" / "report.html").unlink()
    assert jeoni("report", tmp_path / "run").code == 0


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on_without_repeating_what_was_trained(
    jeoni, make_photos, tmp_path, monkeypatch
):
    from jeoni.assessment import trials
    from jeoni.training import loop

    words = ["compare", make_photos(each=12), "--strategies", "probe,finetune", "--budgets", "4,6", "--repeats", "2"]
    words = [*words, *QUICK[:-1], "--no-stages", "--out"]
    assert jeoni(*words, tmp_path / "undisturbed").code == 0
    genuine, made, step = trials.pick, [], loop._State.make_step

    def interrupted(*args):
        made.append(0)
        if len(made) == 3:
            raise KeyboardInterrupt
        return genuine(*args)

    with monkeypatch.context() as patched:
        patched.setattr(trials, "pick", interrupted)
        outcome = jeoni(*words, tmp_path / "stopped")
    assert outcome.code == 130 and f"jeoni compare --resume {tmp_path / 'stopped'}" in outcome.err
    assert "is a run of `jeoni compare`" in jeoni("fit", "--resume", tmp_path / "stopped").err
    steps = []
    monkeypatch.setattr(loop._State, "make_step", lambda self, *args: (steps.append(0), step(self, *args))[1])
    assert jeoni("compare", "--resume", tmp_path / "stopped").code == 0
    # two of four draws and budgets were done: the other two take a training, or two with the repetition on all
    assert 0 < len(steps) <= 2 * 2 * 8
    one, other = (json.loads((tmp_path / n / "verdict.json").read_text()) for n in ("undisturbed", "stopped"))
    for found in (one, other):
        for need in found["needs"]:
            need["seconds"] = need["control_seconds"] = None
    assert one == other


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--budgets", "5,many"], "numbers from 2 on and `all`"),
        (["--budgets", "1"], "numbers from 2 on"),
        (["--strategies", "probe"], "at least two different"),
        (["--strategies", "probe,scrach"], "Did you mean scratch"),
        (["--repeats", "0"], "repeats is 0"),
    ],
)
def test_options_of_a_comparison_that_cannot_be(jeoni, make_photos, tmp_path, options, said):
    outcome = jeoni("compare", make_photos(), "--backbone", TINY, "--out", tmp_path / "run", *options)
    assert outcome.code == 1 and said in outcome.err, outcome.err


def test_a_comparison_needs_some_of_every_class(jeoni, make_photos, tmp_path):
    outcome = jeoni("compare", make_photos(each=3), "--backbone", TINY, "--out", tmp_path / "run")
    assert outcome.code == 1 and "and 4 are needed" in outcome.err


@pytest.mark.slow
def test_a_run_that_breaks_down_in_a_training_can_be_gone_on_with(jeoni, make_photos, tmp_path, monkeypatch):
    import jeoni as package
    from jeoni.strategies.finetuning import setup
    from jeoni.training import loop

    step, made, train = loop._State.make_step, [], loop.train

    def broken(self, *args):
        made.append(0)
        if len(made) == 6:
            raise RuntimeError("Connection closed by peer")
        step(self, *args)

    monkeypatch.setattr("jeoni.verbs.session.limits.estimate_fit", lambda *args: None)  # which would make steps too
    monkeypatch.setattr(loop._State, "make_step", broken)
    monkeypatch.setattr(setup, "train", lambda job, folder, every_s, *rest: train(job, folder, 0.0, *rest))
    photos, run = make_photos(each=110), tmp_path / "run"
    options = {"backbone": TINY, "strategy": "finetune", "steps": 8, "batch_size": 8, "views": 2, "control": False}
    with pytest.raises(RuntimeError, match="closed by peer"):
        package.fit(photos, out=run, **options)
    assert list((run / "checkpoints").glob("*.safetensors"))
    package.resume(run)
    assert (run / "report.html").exists() and len(made) == 9  # three steps were left, and the one that broke


def test_pictures_that_cannot_be_made_do_not_cost_the_result_nor_each_other(jeoni, make_photos, tmp_path, monkeypatch):
    from jeoni.verbs.session import pictures

    writers = ("write_pictures", "write_insides", "write_explanations")

    def broken(writer):
        def raising(*args):
            raise RuntimeError(f"no layer for {writer}")

        return raising

    for writer in writers:
        monkeypatch.setattr(pictures, writer, broken(writer))
    outcome = jeoni("fit", make_photos(), "--out", tmp_path / "run", "--backbone", TINY, "--repeats", 1, "--no-control")
    assert outcome.code == 0
    for writer in writers:
        assert outcome.err.count(f"could not be made: RuntimeError: no layer for {writer}") == 1
    assert (tmp_path / "run" / "report.html").exists() and (tmp_path / "run" / "model").exists()
