"""Domain adaptation as a user meets it."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import jeoni as library
from jeoni.features.examples import Context
from tests.conftest import TINY, make_picture

QUICK = ("--backbone", TINY, "--engine", "torch")
ONCE = (*QUICK, "--repeats", "1")


def domain(root, first: int, each: int, gain: float, classes: int = 2, flat: bool = False):
    """Striped pictures; another domain's are darker. ``flat``: without folders for classes."""
    for kind in range(classes):
        folder = root if flat else root / f"class_{kind}"
        folder.mkdir(parents=True, exist_ok=True)
        for k in range(first, first + each):
            pixels = np.asarray(make_picture(kind, k)) * gain + (1 - gain) * 40
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{kind}_{k:03d}.png")
    return root


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The pictures of both domains, their features, and the run of :func:`adapted`."""
    root = tmp_path_factory.mktemp("kept")
    return {
        "cache": root / "cache",
        "source": domain(root / "bright", 0, 40, 1.0),
        "target": domain(root / "dark", 500, 40, 0.5),
    }


@pytest.fixture(autouse=True)
def own_cache(kept, monkeypatch):
    monkeypatch.setenv("JEONI_CACHE", str(kept["cache"]))


@pytest.fixture
def domains(kept, tmp_path):
    return shutil.copytree(kept["source"], tmp_path / "bright"), shutil.copytree(kept["target"], tmp_path / "dark")


@pytest.fixture
def adapted(kept, jeoni, domains, tmp_path_factory):
    """Made once, and left as it is."""
    if "run" not in kept:
        source, target = domains
        run = tmp_path_factory.mktemp("adapted") / "run"
        outcome = jeoni("adapt", "--source", source, "--target", target, "--method", "coral", "--out", run, *ONCE)
        assert outcome.code == 0, outcome.err
        kept.update(run=run, outcome=outcome)
    return kept["run"], kept["outcome"]


def read(run, name):
    return json.loads((run / name).read_text())


def predictions(run):
    with open(run / "predictions.csv", newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("method, target_seen", [("coral", True), ("source_only", False)])
def test_an_adapted_model_knows_its_source_and_the_target_it_was_adapted_to(domains, tmp_path, method, target_seen):
    source, target = domains
    model = library.adapt(source, target, method=method, backbone=TINY, repeats=1, out=tmp_path / "run").model
    assert model.predict(source).seen.all() and model.predict(target).seen.all() == target_seen
    again = library.adapt("", target, model=tmp_path / "run", method="source_only", out=tmp_path / "again").model
    assert again.fitted_on == model.fitted_on


def test_the_run_holds_the_method_beside_the_source_model(adapted, domains):
    run, outcome = adapted
    metrics, record = read(run, "metrics.json"), read(run, "run.json")
    assert metrics["method"] == "coral" and record["kind"] == "adaptation"
    for who in ("target", "source_only"):
        assert 0 <= metrics[who]["metrics"]["accuracy"]["low"] <= metrics[who]["metrics"]["accuracy"]["value"] <= 1
    assert metrics["n"] == metrics["labelled"] == 80
    assert metrics["verdict"]["outcome"] in ("helped", "hurt", "cannot tell")
    assert metrics["summary"].split(".")[0] in outcome.out and "source only" in outcome.out
    rows = predictions(run)
    assert sum(r["predicted"] != r["source_only"] for r in rows) == metrics["moved"]
    right = np.mean([r["predicted"] == r["label"] for r in rows])
    assert right == pytest.approx(metrics["target"]["metrics"]["accuracy"]["value"])
    assert record["data"]["train"] == 80 and record["data"]["test"] == 80
    maps = read(run, "figures/domains.json")
    assert len(maps["maps"]) == 2 and {i["domain"] for i in maps["items"]} == {"source", "target"}
    page = (run / "report.html").read_text()
    assert "Feature map of both domains" in page and page.count("<svg") >= 2 and "after adapting" in page


def test_the_saved_model_predicts_the_target_by_itself(adapted, domains):
    run, _ = adapted
    said = library.load_model(run).predict(domains[1])
    rows = {r["path"]: r for r in predictions(run)}
    for name, label, probs in zip(said.names, said.labels, said.probs, strict=True):
        assert rows[name]["predicted"] == label
        assert float(rows[name]["prob:class_0"]) == pytest.approx(probs[0], abs=2e-3)


@pytest.mark.parametrize(("method", "setting"), [("msda", "layers=2"), ("tca", "kernel=rbf")])
def test_a_saved_model_holds_maps_that_no_matrix_can(jeoni, domains, tmp_path, method, setting):
    source, target = domains
    words = ("--method", method, "--set", setting, "--out", tmp_path / "run", *ONCE)
    outcome = jeoni("adapt", "--source", source, "--target", target, *words)
    assert outcome.code == 0, outcome.err
    said = library.load_model(tmp_path / "run").predict(target)
    rows = {r["path"]: r for r in predictions(tmp_path / "run")}
    for name, probs in zip(said.names, said.probs, strict=True):
        assert float(rows[name]["prob:class_0"]) == pytest.approx(probs[0], abs=5e-3)


@pytest.mark.slow
def test_an_interrupted_adaptation_goes_on_to_the_same_model(jeoni, domains, tmp_path, monkeypatch):
    from jeoni.training import loop

    source, target = domains
    words = ("adapt", "--source", source, "--target", target, "--method", "dann", "--steps", "10", *ONCE)
    assert jeoni(*words, "--out", tmp_path / "undisturbed").code == 0
    step, made = loop._State.make_step, []

    def stopped(self, *args):
        if len(made) == 6:
            raise KeyboardInterrupt
        made.append(0)
        step(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(loop._State, "make_step", stopped)
        outcome = jeoni(*words, "--out", tmp_path / "stopped")
    assert outcome.code == 130 and f"jeoni adapt --resume {tmp_path / 'stopped'}" in outcome.err
    monkeypatch.setattr(loop._State, "make_step", lambda self, *args: (made.append(0), step(self, *args))[1])
    assert jeoni("adapt", "--resume", tmp_path / "stopped").code == 0
    assert len(made) == 10
    for name in ("metrics.json", "predictions.csv", "model/model.safetensors"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes(), name
    assert "Say --resume RUN alone" in jeoni("adapt", "--resume", tmp_path / "stopped", "--target", target).err


def test_a_run_that_was_made_in_python_tells_the_command_that_repeats_it(domains, tmp_path):
    source, target = domains
    run = library.adapt(source, target, method="coral", backbone=TINY, engine="torch", out=tmp_path / "run").run
    command = f"jeoni adapt --source {source} --target {target} --method coral --backbone {TINY} --engine torch"
    assert read(run, "run.json")["command"] == command


def test_target_labels_change_nothing_but_the_scores(jeoni, domains, adapted, tmp_path):
    source, _ = domains
    plain = domain(tmp_path / "plain", 500, 40, 0.5, flat=True)
    outcome = jeoni(
        "adapt", "--source", source, "--target", plain, "--method", "coral", "--out", tmp_path / "bare", *ONCE
    )
    assert outcome.code == 0, outcome.err
    metrics = read(tmp_path / "bare", "metrics.json")
    assert metrics["target"] is None and metrics["labelled"] == 0 and metrics["verdict"] is None
    assert "coral was applied. The target has no labels, so nothing can be said of accuracy." in metrics["summary"]
    before = {r["path"].split("/")[-1]: r["confidence"] for r in predictions(adapted[0])}
    assert {r["path"]: r["confidence"] for r in predictions(tmp_path / "bare")} == before
    page = (tmp_path / "bare" / "report.html").read_text()
    assert "Changed predictions" in page or metrics["moved"] == 0


def test_classes_the_source_does_not_have_are_told_and_not_scored(jeoni, domains, tmp_path):
    source, _ = domains
    more = domain(tmp_path / "more", 500, 10, 0.5, classes=3)
    outcome = jeoni(
        "adapt", "--source", source, "--target", more, "--method", "standardize", "--out", tmp_path / "run", *ONCE
    )
    assert outcome.code == 0, outcome.err
    assert "the source has no class 'class_2'" in outcome.out + outcome.err
    metrics = read(tmp_path / "run", "metrics.json")
    assert metrics["n"] == 30 and metrics["labelled"] == 20


@pytest.mark.parametrize("method", ["dann", "mcc", "adabn"])
def test_deep_methods_train_on_both_domains(jeoni, domains, tmp_path, method):
    source, target = domains
    words = () if method == "adabn" else ("--steps", "6", "--batch-size", "8", "--views", "1")
    words = (*words, "--out", tmp_path / "run", "--no-pictures", *ONCE)
    outcome = jeoni("adapt", "--source", source, "--target", target, "--method", method, *words)
    assert outcome.code == 0, outcome.err
    record = read(tmp_path / "run", "run.json")
    assert record["training"]["frozen_identical"] is True
    assert record["training"]["steps"] == (0 if method == "adabn" else 6)
    said = library.load_model(tmp_path / "run").predict(target, Context(engine="torch"))
    rows = {r["path"]: r for r in predictions(tmp_path / "run")}
    kept = [float(rows[name]["prob:class_0"]) for name in said.names]
    np.testing.assert_allclose(said.probs[:, 0], kept, atol=0.02)  # rows at the cut are kept in half precision


def test_a_model_of_the_source_is_enough(jeoni, domains, tmp_path):
    source, target = domains
    fitting = ("--no-control", "--folds", 2, "--repeats", 1, "--no-pictures")
    assert jeoni("fit", source, "--out", tmp_path / "fit", *fitting, *QUICK).code == 0
    words = ("--model", tmp_path / "fit" / "model", "--target", target, "--out", tmp_path / "run", "--engine", "torch")
    training = ("--steps", "6", "--batch-size", "8", "--views", "1", "--no-pictures")
    outcome = jeoni("adapt", *words, "--method", "shot", *training)
    assert outcome.code == 0, outcome.err
    metrics = read(tmp_path / "run", "metrics.json")
    assert metrics["method"] == "shot" and metrics["labelled"] == 80
    for method, said in (
        ("coral", "coral needs the source's examples; --method shot needs only a model"),
        ("dann", "dann needs the source's examples. Without them: --method shot"),
        ("adabn", "this model's head learned with neither, but with those of the pretraining. Give --source"),
        ("tent", "Give --source, so that its statistics come first, or take --method shot"),
    ):
        refused = jeoni("adapt", *words, "--method", method, "--overwrite")
        assert refused.code == 1 and said in refused.err
    assert read(tmp_path / "run", "metrics.json") == metrics, "what is refused replaces nothing"
    np.savez(tmp_path / "vectors.npz", X=np.random.default_rng(0).normal(size=(30, 5)))
    other = jeoni("adapt", *words[:3], tmp_path / "vectors.npz", "--out", tmp_path / "other", "--engine", "torch")
    assert other.code == 1 and "The model takes images, the target holds vectors; both must be alike" in other.err


def test_auto_without_the_source_says_what_it_did(jeoni, domains, tmp_path):
    source, target = domains
    fitting = ("--no-control", "--folds", 2, "--repeats", 1, "--no-pictures")
    assert jeoni("fit", source, "--out", tmp_path / "fit", *fitting, *QUICK).code == 0
    words = ("--model", tmp_path / "fit" / "model", "--target", target, "--engine", "torch", "--steps", "6")
    outcome = jeoni("adapt", *words, "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    metrics = read(tmp_path / "run", "metrics.json")
    assert metrics["method"] in ("shot", "source_only") and metrics["why"]
    assert (metrics["moved"] == 0) or metrics["method"] == "shot"
    assert [t["name"] for t in metrics["tried"]] == ["shot"]
    assert "Method selection without target labels" in (tmp_path / "run" / "report.html").read_text()


def test_a_handful_of_target_items_is_left_alone_and_said_so(jeoni, tmp_path):
    source, few = domain(tmp_path / "source", 0, 30, 1.0), domain(tmp_path / "few", 500, 6, 0.5)
    outcome = jeoni("adapt", "--source", source, "--target", few, "--out", tmp_path / "run", *ONCE)
    assert outcome.code == 0, outcome.err
    assert "there are too few rows to tell how the domains differ" in " ".join(outcome.out.split())
    one = domain(tmp_path / "one", 500, 1, 0.5, classes=1, flat=True)
    alone = jeoni("adapt", "--source", source, "--target", one, "--out", tmp_path / "alone", *ONCE)
    assert (
        alone.code == 1 and "There are 60 rows of the source and 1 of the target; two of each are needed" in alone.err
    )


@pytest.mark.slow
def test_weights_for_other_class_shares_are_not_balanced_away(jeoni, tmp_path):
    rng = np.random.default_rng(0)
    for name, n, share in (("source", 600, 0.25), ("target", 600, 0.06)):
        y = (rng.random(n) < share).astype(int)
        np.savez(tmp_path / f"{name}.npz", X=rng.normal(size=(n, 4)) + 1.3 * y[:, None], y=np.array(["ant", "bee"])[y])
    words = ("--source", tmp_path / "source.npz", "--target", tmp_path / "target.npz", "--out", tmp_path / "run")
    outcome = jeoni("adapt", *words, "--method", "em")
    assert outcome.code == 0 and "of the 600 source items (effective size)" in outcome.out
    assert "Estimated shares of the target: ant 9" in outcome.out
    assert "Importance weights" in (tmp_path / "run" / "report.html").read_text()
    metrics, record = read(tmp_path / "run", "metrics.json"), read(tmp_path / "run", "run.json")
    assert record["head"]["class_weights"] == "none"
    assert metrics["weighing"]["target_shares"]["bee"] == pytest.approx(0.06, abs=0.03)
    assert 100 < metrics["weighing"]["effective_size"] < 600
    taken = np.mean([r["predicted"] == "bee" for r in predictions(tmp_path / "run")])
    assert taken == pytest.approx(0.06, abs=0.03)
    assert jeoni("adapt", *words, "--overwrite").code == 0
    said = read(tmp_path / "run", "metrics.json")["diagnosis"]
    assert set(said["source_shares"]) == {"ant", "bee"} and any("Class bee has" in line for line in said["sentences"])


def test_auto_keeps_the_source_model_where_nothing_has_shifted(jeoni, tmp_path):
    source, target = domain(tmp_path / "one", 0, 40, 1.0), domain(tmp_path / "two", 500, 40, 1.0)
    outcome = jeoni("adapt", "--source", source, "--target", target, "--out", tmp_path / "run", "--json", *ONCE)
    assert outcome.code == 0, outcome.err
    said = json.loads(outcome.out.splitlines()[-1])
    assert said["method"] == "source_only" and "The source model is used as it is: " in said["summary"]
    assert said["diagnosis"]["kinds"] == ["none"]
    assert "Domain shift" in (tmp_path / "run" / "report.html").read_text()


def test_settings_reach_the_method(jeoni, domains, tmp_path):
    source, target = domains
    words = ("adapt", "--source", source, "--target", target, "--out", tmp_path / "run", *ONCE)
    assert jeoni(*words, "--method", "coral", "--set", "reg=0.5,center=true").code == 0
    assert read(tmp_path / "run", "run.json")["spec"]["set"] == "reg=0.5,center=true"
    wrong = jeoni(*words, "--method", "coral", "--set", "rge=0.5", "--overwrite")
    assert wrong.code == 1 and "coral has no setting 'rge'. Did you mean reg?" in wrong.err
    assert jeoni(*words, "--method", "coral", "--set", "reg=shrink", "--overwrite").code == 0
    kept = read(tmp_path / "run", "run.json")
    for method, setting, said in (
        ("kmm", "ridge=abc", "kmm: ridge is 'abc'; it can be a number"),
        ("mcd", "rounds=2.5", "mcd: rounds is 2.5; it can be a whole number"),
        ("tca", "width=abc", "tca: width is 'abc'; it can be a number or none"),
        ("dan", "widths=a;b", "dan: widths is 'a;b'; it can be numbers with semicolons between"),
        ("dann", "weight=nan", "dann: weight is nan; it can be a number"),
        ("bbse", "estimator=LogisticRegression", "bbse has no setting 'estimator'"),
        ("standardize", "then=coral", "standardize has no setting 'then'. It has: none"),
    ):
        wrong = jeoni(*words, "--method", method, "--set", setting, "--overwrite")
        assert wrong.code == 1 and said in wrong.err, wrong.err
    assert read(tmp_path / "run", "run.json") == kept, "what is refused replaces nothing"
    wrong = jeoni(*words, "--method", "coral", "--set", "reg", "--overwrite")
    assert wrong.code == 1 and "pairs such as reg=0.1,center=true are needed" in wrong.err


def test_options_without_effect_are_refused(jeoni, domains, tmp_path):
    source, target = domains
    words = ("adapt", "--source", source, "--target", target, "--out", tmp_path / "run", "--overwrite", *ONCE)
    assert jeoni(*words, "--method", "coral", "--cache-gb", "1").code == 0  # room on a disk is no training
    kept, ignored = read(tmp_path / "run", "run.json"), "the methods that train stages do not use it"
    for method, option, value, said in (
        ("coral", "steps", "300", "steps is 300; coral trains no stages"),
        ("auto", "frozen", "3", "frozen is '3'; auto trains no stages"),
        ("source_only", "augment", "light", "augment is 'light'; source_only trains no stages"),
        ("auto", "set", "reg=1", "set is 'reg=1'; auto has no settings"),
        ("adabn", "learning-rate", "0.1", "learning_rate is 0.1; adabn makes no steps of training"),
        ("dann", "reuse", "3", f"reuse is '3'; {ignored}"),
        ("dann", "mixup", "0.2", f"mixup is 0.2; {ignored}"),
        ("mcc", "logit-adjustment", "1", f"logit_adjustment is 1.0; {ignored}"),
        ("cdan", "patience", "3", f"patience is 3; {ignored}"),
        ("dan", "accumulate", "2", f"accumulate is 2; {ignored}"),
    ):
        wrong = jeoni(*words, "--method", method, f"--{option}", value)
        assert wrong.code == 1 and said in wrong.err, wrong.err
    assert read(tmp_path / "run", "run.json") == kept, "what is refused replaces nothing"
    model = ("adapt", "--model", tmp_path / "run" / "model", "--target", target, "--out", tmp_path / "free", *QUICK[2:])
    wrong = jeoni(*model, "--class-weights", "balanced")
    assert wrong.code == 1 and "class_weights is 'balanced'; a model's head stays as it is" in wrong.err


def test_what_cannot_be_meant_is_said(jeoni, domains, tmp_path):
    source, target = domains
    assert "Say the target, and either the source or a model of it" in jeoni("adapt", "--source", source).err
    unknown = jeoni("adapt", "--source", source, "--target", target, "--method", "corl", *QUICK)
    assert unknown.code == 1 and "'corl' is no method of adaptation. Did you mean coral?" in unknown.err
    few = jeoni("adapt", "--source", source, "--target", target, "--method", "easyadapt", *QUICK)
    assert few.code == 1 and "easyadapt needs some labels of the target: see jeoni.adaptation.FewLabels" in few.err
    texts = tmp_path / "t.csv"
    texts.write_text("text,label\nall is good here,class_0\nall is bad here,class_1\n")
    other = jeoni("adapt", "--source", source, "--target", texts, *QUICK)
    assert other.code == 1 and "The source holds images, the target texts; both must be alike" in other.err
    nothing = jeoni("adapt", "--source", source, "--target", tmp_path / "nowhere", *QUICK)
    assert nothing.code == 1 and "does not exist" in nothing.err
    bare = jeoni("adapt", "--source", domain(tmp_path / "bare", 0, 3, 1.0, flat=True), "--target", target, *QUICK)
    assert bare.code == 1 and "not in folders named for their classes" in bare.err


def test_what_is_in_both_domains_is_not_learned_from(jeoni, domains, tmp_path):
    source, target = domains
    (source / "class_0" / "copy.png").write_bytes((target / "class_0" / "0_500.png").read_bytes())
    outcome = jeoni(
        "adapt", "--source", source, "--target", target, "--method", "standardize", "--out", tmp_path / "run", *ONCE
    )
    assert outcome.code == 0, outcome.err
    assert read(tmp_path / "run", "run.json")["data"]["train"] == 80
    assert "leak" in outcome.out + outcome.err


def test_a_shift_is_diagnosed_in_words_and_numbers(jeoni, domains, tmp_path):
    source, target = domains
    outcome = jeoni("diagnose", "--source", source, "--target", target, *QUICK)
    assert outcome.code == 0, outcome.err
    assert "proxy A-distance" in outcome.out and "shift" in outcome.out
    said = json.loads(jeoni("diagnose", "--source", source, "--target", target, "--json", *QUICK).out.splitlines()[-1])
    assert said["p_value"] < 0.05 and "none" not in said["kinds"]
    assert set(said["source_shares"]) == {"class_0", "class_1"}
    same = jeoni("diagnose", "--source", source, "--target", domain(tmp_path / "more", 700, 40, 1.0), *QUICK)
    assert "No shift of the features is seen" in same.out
    few = jeoni("diagnose", "--source", source, "--target", domain(tmp_path / "few", 900, 4, 1.0), *QUICK)
    assert few.code == 1 and "20 of each are needed" in few.err
    assert "Say both: --source and --target" in jeoni("diagnose", "--source", source).err


def test_several_methods_are_scored_side_by_side_and_one_model_is_saved(jeoni, domains, tmp_path):
    source, target = domains
    asked = ("--source", source, "--target", target, "--method", "source_only,coral,adabn", "--out", tmp_path / "run")
    done = jeoni("adapt", *asked, *ONCE)
    assert done.code == 0, done.err
    metrics = read(tmp_path / "run", "metrics.json")
    by_name = {one["name"]: one for one in metrics["compared"]}
    assert list(by_name) == ["source_only", "coral", "adabn"]
    assert by_name["source_only"]["moved"] == 0 and all(one["target"] for one in by_name.values())
    chosen = metrics["method"]
    accuracy = by_name[chosen]["target"]["accuracy"]["value"]
    assert metrics["target"]["metrics"]["accuracy"]["value"] == accuracy
    assert library.evaluate(tmp_path / "run", target).metrics["accuracy"].value == pytest.approx(accuracy)
    assert {one["name"] for one in metrics["tried"]} == {"source_only", "coral"}
    (line,) = (line for line in done.out.splitlines() if line.rstrip().endswith(" saved"))
    assert f"The model of {chosen} is saved: {metrics['why']}." in done.out
    assert line.startswith(chosen) and sum(line.startswith("adabn") for line in done.out.splitlines()) == 1
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Several methods side by side" in page and f"The model of {chosen} is saved: {metrics['why'][:20]}" in page


@pytest.mark.slow
def test_a_method_that_cannot_be_used_costs_its_row_and_not_the_run(jeoni, domains, tmp_path, monkeypatch):
    source, target = domains
    monkeypatch.setattr("jeoni.adaptation.shallow.coral.CORAL._fit", _cannot)
    asked = ("--source", source, "--target", target, "--method", "coral,standardize", "--out", tmp_path / "run")
    done = jeoni("adapt", *asked, *ONCE)
    assert done.code == 0, done.err
    metrics = read(tmp_path / "run", "metrics.json")
    by_name = {one["name"]: one for one in metrics["compared"]}
    assert metrics["method"] == "standardize" and "nothing to invert" in by_name["coral"]["note"]
    assert by_name["coral"]["target"] is None and "nothing to invert" in done.out


def _cannot(self, *rows):
    raise ValueError("nothing to invert")
