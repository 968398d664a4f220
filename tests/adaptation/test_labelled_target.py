"""A few target labels: what they choose, what is saved of it, and that they score nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

import jeoni
from jeoni import plugins
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled
from jeoni.adaptation.labelled_target import (
    SOURCE_ONLY,
    choose_by_labels,
    fit_contender,
    label_free,
    simple_adapters,
    ways_for,
)
from jeoni.adaptation.projection import fit_projection
from jeoni.adaptation.shallow.standardize import Standardize
from jeoni.adaptation.shrunken_choice import Lead, brier, choose_shrunken, leads_of
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.calibration import softmax
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.runs import read_json

FEW = "jeoni.adaptation.few"


def made(n: int = 120, classes: int = 2, moved: bool = True, seed: int = 0):
    """Two domains; ``moved``: the target is smaller and lies where the source has its second class."""
    rng = np.random.default_rng(seed)
    ys, yt = np.arange(n) % classes, (np.arange(n) // 2) % classes
    centres = 3 * rng.normal(size=(classes, 4))
    Xs, Xt = (rng.normal(size=(n, 4)) + centres[y] for y in (ys, yt))
    return Xs.astype(np.float32), ys, (0.4 * Xt + centres[1] - 0.4 * centres[0] if moved else Xt).astype(np.float32), yt


def quick() -> HeadClassifier:
    return HeadClassifier(folds=2)


@pytest.fixture(scope="module")
def choices():
    Xs, ys, Xt, _ = made()
    return label_free(Xs, ys, Xt, quick(), {"standardize": Standardize()})


# the choice


def test_the_brier_score_is_scikit_learns():
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(0)
    first = rng.random(30)
    labels = rng.integers(0, 2, 30)
    ours = brier(np.stack([1 - first, first], 1), labels).mean() / 2
    assert ours == pytest.approx(brier_score_loss(labels, first))


def test_a_lead_is_the_paired_difference_and_its_bound_is_students():
    rng = np.random.default_rng(0)
    scores = {SOURCE_ONLY: rng.random(12), "a": rng.random(12)}
    lead = leads_of(scores, SOURCE_ONLY)["a"]
    better = scores[SOURCE_ONLY] - scores["a"]
    assert lead.mean == pytest.approx(better.mean())
    assert lead.shrunken == pytest.approx(better.mean() - student.ppf(0.95, 11) * better.std(ddof=1) / np.sqrt(12))


def test_the_source_stays_where_no_lead_is_beyond_its_bound():
    leads = {SOURCE_ONLY: Lead(0.0, 0.0, 20), "a": Lead(0.2, 0.2, 20), "b": Lead(0.1, 0.07, 20)}
    assert choose_shrunken(leads, SOURCE_ONLY) == SOURCE_ONLY
    assert choose_shrunken(leads | {"c": Lead(0.05, 0.01, 20)}, SOURCE_ONLY) == "c"


def test_the_surest_lead_is_taken_and_not_the_largest():
    leads = {SOURCE_ONLY: Lead(0.0, 0.0, 10), "large": Lead(0.6, 0.2, 10), "sure": Lead(0.2, 0.04, 10)}
    assert choose_shrunken(leads, SOURCE_ONLY) == "sure"
    assert choose_shrunken({SOURCE_ONLY: Lead(0.0, 0.0, 10), "same": Lead(0.1, 0.0, 10)}, SOURCE_ONLY) == "same"
    assert choose_shrunken(leads | {"tiny": Lead(0.01, 0.0001, 10)}, SOURCE_ONLY) == "sure"
    assert choose_shrunken({SOURCE_ONLY: Lead(0.0, 0.0, 10), "worse": Lead(-0.1, 0.0, 10)}, SOURCE_ONLY) == SOURCE_ONLY


def test_where_the_domains_are_alike_luck_seldom_leads_away_from_the_source():
    """Methods that are all as good as the source: at most the usual 5 % each, and they are alike."""
    rng = np.random.default_rng(0)
    left = 0
    for _ in range(300):
        source, common = rng.random(20), rng.normal(scale=0.1, size=20)
        others = {f"m{k}": source + common + rng.normal(scale=0.02, size=20) for k in range(10)}
        left += choose_shrunken(leads_of({SOURCE_ONLY: source, **others}, SOURCE_ONLY), SOURCE_ONLY) != SOURCE_ONLY
    assert left / 300 < 0.12


# what can be chosen, and what is saved


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", [n for n in plugins.names(FEW) if plugins.load(FEW, n).linear])
def test_weights_of_a_method_give_its_probabilities(name, classes):
    Xs, ys, Xt, yt = (part.astype(float) if part.dtype.kind == "f" else part for part in made(60, classes))
    learner = Learner(classes, float(np.square(Xs).sum(1).mean()), (1.0,), None, 0)
    task = Task(Source(Xs, ys, learner), Xt[:20], yt[:20], Unlabelled(Xt[20:], learner.unit))
    fitted = plugins.load(FEW, name)().fit(task)
    weights, biases = fitted.affine()
    np.testing.assert_allclose(softmax(Xt @ weights.T + biases), fitted.probs(Xt), atol=1e-6)


def test_methods_that_are_not_linear_take_no_part(choices):
    assert {"pred", "linint", SOURCE_ONLY}.isdisjoint(ways_for(choices.spaces[0]))
    assert set(ways_for(choices.spaces[1])) == {"all", "prior"}


def test_a_projection_of_all_components_keeps_distances_and_folds_into_weights():
    Xs, _, Xt, _ = made()
    projection = fit_projection(Xs, Xt, 4)
    scaled = Xs / Xs.std(0)
    ours, theirs = (np.linalg.norm(rows[:5, None] - rows[None, :5], axis=2) for rows in (projection(Xs), scaled))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    rng = np.random.default_rng(0)
    weights, biases = rng.normal(size=(3, 4)), rng.normal(size=3)
    before = projection.before(weights, biases)
    np.testing.assert_allclose(Xt @ before[0].T + before[1], projection(Xt) @ weights.T + biases, rtol=1e-5, atol=1e-5)


def test_fewer_rows_than_columns_are_projected_too():
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(6, 40))
    assert fit_projection(wide[:3], wide[3:], 128)(wide).shape == (6, 5)


def test_labels_find_the_adapter_that_mends_the_shift(choices):
    _, _, _, yt = made()
    known = np.arange(0, 120, 6)
    found = choose_by_labels(choices, known, yt[known])
    assert found.leads["standardize"].shrunken > 0.3 and found.chosen.name != SOURCE_ONLY
    assert found.accuracy(found.chosen.name, yt[known]) > found.accuracy(SOURCE_ONLY, yt[known]) + 0.2


def test_a_method_on_moved_rows_comes_to_one_linear_model_of_them(choices):
    _, _, Xt, yt = made()
    known = np.arange(0, 120, 6)
    chosen = choose_by_labels(choices, known, yt[known]).contenders["standardize+prior"]
    weights, biases, temperature = fit_contender(chosen, known, yt[known])
    said = (choices.moved("standardize", Xt) @ weights.T + biases).argmax(1)
    assert (said == yt).mean() > 0.9 and temperature > 0


def test_where_there_is_no_shift_the_source_is_not_left_for_something_worse():
    Xs, ys, Xt, yt = made(moved=False)
    made_ready = label_free(Xs, ys, Xt, quick(), {"standardize": Standardize()})
    known = np.arange(0, 120, 8)
    found = choose_by_labels(made_ready, known, yt[known])
    assert found.leads[found.chosen.name].mean >= 0


def test_held_out_probabilities_of_methods_that_learn_from_labels_have_not_seen_them(choices):
    """Labels at random: whoever had learned from the items it is judged by would know them."""
    known = np.arange(40)
    labels = np.random.default_rng(1).integers(0, 2, 40)
    found = choose_by_labels(choices, known, labels)
    assert found.accuracy("target_only", labels) < 0.75


def test_labels_of_one_class_teach_nothing_but_choose(choices):
    _, _, _, yt = made()
    known = np.flatnonzero(yt == 1)[:6]
    assert set(choose_by_labels(choices, known, yt[known]).contenders) == {SOURCE_ONLY, "standardize"}


def test_an_adapter_that_cannot_be_fitted_is_left_out_with_its_reason():
    class Fails(Standardize):
        def fit(self, Xs, ys, Xt):
            raise ValueError("too few rows")

    Xs, ys, Xt, _ = made(40)
    found = label_free(Xs, ys, Xt, quick(), {"fails": Fails()})
    assert dict(found.failed) == {"fails": "too few rows"} and set(found.free) == {SOURCE_ONLY}


def test_the_simple_remedies_of_every_kind_of_shift_are_tried():
    names = set(simple_adapters())
    assert {"standardize", "coral", "em", "kmm", "standardize+em"} <= names and "msda" not in names


# from files


@pytest.fixture
def files(tmp_path):
    Xs, ys, Xt, yt = made()
    np.savez(tmp_path / "here.npz", X=Xs, y=ys)
    np.savez(tmp_path / "there.npz", X=Xt, y=yt)
    return tmp_path


def few_of(yt, every=6):
    return {f"row {k}": str(yt[k]) for k in range(0, len(yt), every)}


def test_labels_choose_teach_and_do_not_score(files):
    *_, yt = made()
    found = jeoni.adapt(
        files / "here.npz", files / "there.npz", labels=few_of(yt), method="standardize", out=files / "run", quiet=True
    )
    used = found.metrics["labels"]
    assert used["n"] == 20 and found.metrics["labelled"] == 100 and found.metrics["n"] == 120
    assert [one["path"] for one in used["items"]][:2] == ["row 0", "row 6"]
    assert found.metrics["target"]["metrics"]["accuracy"]["value"] > 0.9 and "20 target labels chose" in found.summary
    assert {one["name"] for one in used["methods"]} >= {
        SOURCE_ONLY,
        "standardize",
        "prior",
        "standardize+prior",
        "target_only",
    }
    predictions = found.predictions
    assert predictions["label"].isna().sum() == 20
    np.testing.assert_allclose(
        jeoni.load_model(files / "run").predict(files / "there.npz").probs[0],
        predictions.filter(like="prob:").to_numpy()[0], atol=1e-4,
    )  # fmt: skip
    page = (found.run / "report.html").read_text(encoding="utf-8")
    assert "What the labels chose by" in page and "standardize+prior" in page


def test_another_label_of_a_scored_item_changes_no_model(files):
    """Only the labels that were given are looked at: the target's own labels may be anything."""
    _, _, Xt, yt = made()
    np.savez(files / "other.npz", X=Xt, y=1 - yt)
    runs = [
        jeoni.adapt(
            files / "here.npz", files / name, labels=few_of(yt), method="standardize", out=files / name[:5], quiet=True
        )
        for name in ("there.npz", "other.npz")
    ]
    first, second = (run.predictions.filter(like="prob:").to_numpy() for run in runs)
    np.testing.assert_array_equal(first, second)
    assert runs[1].metrics["target"]["metrics"]["accuracy"]["value"] < 0.2


def test_a_query_proposes_what_to_label_and_stops(files):
    *_, yt = made()
    asked = jeoni.adapt(files / "here.npz", files / "there.npz", query=12, out=files / "asked", quiet=True)
    assert len(asked.queries) == 12 and "--labels queries.csv" in asked.summary
    assert not (asked.run / "model").exists() and set(asked.queries["suggested"].astype(str)) <= {"0", "1"}
    table = asked.queries
    table["label"] = [str(yt[int(path.split()[1])]) for path in table["path"]]
    table.to_csv(files / "filled.csv", index=False)
    found = jeoni.adapt(
        files / "here.npz",
        files / "there.npz",
        labels=files / "filled.csv",
        method="standardize",
        out=files / "run",
        quiet=True,
    )
    assert found.metrics["labels"]["n"] == 12
    assert read_json(found.run / "spec.json" if (found.run / "spec.json").exists() else found.run / "run.json")


@pytest.mark.parametrize(
    "options, error, said",
    [
        ({"labels": {"row 1": "0"}, "query": 5}, ConfigError, r"query is 5 and labels are given"),
        ({"labels": {"row 1": "0"}}, DataError, r"gives 1 of the target's usable items a label; two at least"),
        (
            {"labels": {"row 1": "0", "row 2": "7"}},
            DataError,
            r"The labels name '7', which is no class of the source: 0, 1",
        ),
        ({"labels": {"row 1": "0", "row 900": "1"}}, DataError, r"1 of the 2 items that the labels labels are not in"),
        ({"labels": "nowhere.csv"}, DataError, r"--labels: nowhere.csv does not exist"),
        ({"query": 121}, DataError, r"query is 121, and the target holds 120 different items"),
    ],
)
def test_labels_that_make_no_sense_are_refused(options, error, said, files):
    with pytest.raises(error, match=said):
        jeoni.adapt(files / "here.npz", files / "there.npz", out=files / "run", quiet=True, **options)


def test_labels_choose_among_methods_that_learn_from_the_source(files):
    model = jeoni.fit(files / "here.npz", control=False, folds=2, repeats=1, out=files / "fit", quiet=True).run
    with pytest.raises(ConfigError, match=r"labels and model are given; .* Give --source in the place of --model"):
        jeoni.adapt(target=files / "there.npz", model=model, labels={"row 1": "0"}, out=files / "run", quiet=True)
