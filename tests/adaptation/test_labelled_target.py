"""A few target labels: how they weigh methods, what is saved of it, and that they score nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

import jeoni
from jeoni import plugins
from jeoni.adaptation.averaged_methods import LinearHead, fit_average, fit_contender
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled
from jeoni.adaptation.labelled_target import (
    AVERAGE,
    SOURCE_ONLY,
    judge_by_labels,
    label_free,
    simple_adapters,
    ways_for,
)
from jeoni.adaptation.method_shares import PRIOR, brier, leads_of, shares_of, without_small
from jeoni.adaptation.projection import fit_projection
from jeoni.adaptation.shallow.coral import CORAL
from jeoni.adaptation.shallow.msda import MSDA
from jeoni.adaptation.shallow.standardize import Standardize
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


# the shares


def test_the_brier_score_is_scikit_learns():
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(0)
    first = rng.random(30)
    labels = rng.integers(0, 2, 30)
    ours = brier(np.stack([1 - first, first], 1), labels).mean() / 2
    assert ours == pytest.approx(brier_score_loss(labels, first))


def test_a_lead_is_the_paired_difference_and_its_interval_is_students():
    rng = np.random.default_rng(0)
    scores = {SOURCE_ONLY: rng.random(12), "a": rng.random(12)}
    lead = leads_of(scores, SOURCE_ONLY)["a"]
    better = scores[SOURCE_ONLY] - scores["a"]
    assert lead.mean == pytest.approx(better.mean())
    low, high = student.interval(0.95, 11, better.mean(), better.std(ddof=1) / np.sqrt(12))
    assert (lead.interval.low, lead.interval.high) == pytest.approx((low, high))


def test_shares_are_square_roots_of_likelihoods():
    """Three right with 0.9 against three with 0.6."""
    shares = shares_of({"a": -np.log(np.full(3, 0.9)), "b": -np.log(np.full(3, 0.6)), "c": -np.log(np.full(3, 0.9))})
    assert shares["a"] / shares["b"] == pytest.approx((0.9 / 0.6) ** 1.5)
    assert shares["a"] == shares["c"] and sum(shares.values()) == pytest.approx(1)


def test_where_the_labels_tell_nothing_the_shares_are_the_prior():
    names = (SOURCE_ONLY, "coral", "standardize+all", "prior", "all")
    alike = {name: np.ones(20) for name in names}
    others = dict.fromkeys(names, (1 - PRIOR) / 4)
    assert shares_of(alike) == pytest.approx(others | {"standardize+all": PRIOR})
    del alike["standardize+all"]
    assert shares_of(alike) == pytest.approx(dict.fromkeys(alike, 1 / 4))
    assert shares_of({SOURCE_ONLY: np.ones(20)}) == {SOURCE_ONLY: 1.0}


def test_a_share_does_not_depend_on_what_all_methods_lose_alike():
    rng = np.random.default_rng(0)
    losses = {name: rng.random(30) for name in (SOURCE_ONLY, "a", "standardize+all")}
    more = {name: one + 3 for name, one in losses.items()}
    assert shares_of(more) == pytest.approx(shares_of(losses))


def test_less_than_a_hundredth_does_not_count():
    assert without_small({"a": 0.3, "b": 0.1, "c": 0.0039}) == pytest.approx({"a": 0.75, "b": 0.25})
    assert without_small({"a": 1.0}) == {"a": 1.0}


# what takes part, and what is saved


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
    assert set(ways_for(choices.spaces[0])) == {"all", "prior", "target_only", "weighted"}
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


def test_labels_give_weight_to_what_mends_the_shift(choices):
    _, _, _, yt = made()
    known = np.arange(0, 120, 6)
    found = judge_by_labels(choices, known, yt[known])
    assert found.leads["standardize"].interval.low > 0.3 and SOURCE_ONLY not in found.shares
    assert found.name == AVERAGE and found.taught and sum(found.shares.values()) == pytest.approx(1)
    assert (found.logits.argmax(1) == yt[known]).mean() > found.accuracy(SOURCE_ONLY, yt[known]) + 0.2


def test_the_average_is_one_linear_model_of_the_targets_own_rows():
    """Of methods on rows as they are, standardised and moved by CORAL: the mean of their log-odds."""
    Xs, ys, Xt, yt = made(classes=3)
    choices = label_free(Xs, ys, Xt, quick(), {"standardize": Standardize(), "coral": Standardize(CORAL())})
    known = np.arange(0, 120, 4)
    found = judge_by_labels(choices, known, yt[known])
    assert {name.split("+")[0] for name in found.shares} >= {"standardize", "coral"}
    head = fit_average(found, choices, known, yt[known])
    mean = np.zeros((120, 3))
    for name, share in found.shares.items():
        one = found.contenders[name]
        if one.space is None:
            mean += share * np.log(choices.free[name])
        else:
            part = fit_contender(one, choices, known, yt[known])
            moved = Xt if part.adapter is None else part.adapter.transform(Xt)
            mean += share * np.log(softmax(moved @ part.weights.T + part.biases))
    assert head.adapter is None and head.temperature > 0
    np.testing.assert_allclose(softmax(Xt @ head.weights.T + head.biases), softmax(mean), atol=1e-4)
    assert (mean.argmax(1) == yt).mean() > 0.9


def test_methods_behind_moves_that_are_not_affine_are_averaged_by_themselves():
    Xs, ys, Xt, yt = made()
    choices = label_free(Xs, ys, Xt, quick(), {"msda": Standardize(MSDA())})
    known = np.arange(0, 120, 6)
    found = judge_by_labels(choices, known, yt[known])
    assert {choices.rows_of(one) for one in found.contenders.values()} == {"", "msda"}
    assert len({choices.rows_of(found.contenders[name]) for name in found.shares}) == 1
    some = [name for name in found.contenders if name.startswith("msda")]
    only = type(found)({name: 1 / len(some) for name in some}, found.contenders, found.leads)
    head = fit_average(only, choices, known, yt[known])
    assert head.adapter is choices.fitted["msda"].adapter_
    assert ((head.adapter.transform(Xt) @ head.weights.T + head.biases).argmax(1) == yt).mean() > 0.9
    with pytest.raises(ValueError, match="Denoise is not affine"):
        head.on_own_rows()


@pytest.mark.parametrize("right, taken", [(0.999, True), (0.001, False)])
def test_a_deep_method_is_averaged_with_nothing(choices, right, taken):
    """Its rows are its own: what it says of the labelled items decides whether it is taken."""
    _, _, _, yt = made()
    known = np.arange(0, 120, 6)
    said = np.where(np.eye(2)[yt] > 0, right, 1 - right)
    free = {SOURCE_ONLY: choices.free[SOURCE_ONLY], "dann": said}
    found = judge_by_labels(type(choices)(free, choices.fitted, (), {}), known, yt[known])
    assert found.name == ("dann" if taken else SOURCE_ONLY)


def test_a_linear_head_behind_affine_moves_is_folded():
    Xs, _, Xt, _ = made()
    adapter = Standardize(CORAL()).fit(Xs, None, Xt)
    rng = np.random.default_rng(0)
    head = LinearHead(rng.normal(size=(3, 4)), rng.normal(size=3), adapter)
    own = head.on_own_rows()
    moved = adapter.transform(Xt) @ head.weights.T + head.biases
    np.testing.assert_allclose(Xt @ own.weights.T + own.biases, moved, rtol=1e-4, atol=1e-4)


def test_where_there_is_no_shift_the_average_does_no_harm():
    Xs, ys, Xt, yt = made(moved=False)
    made_ready = label_free(Xs, ys, Xt, quick(), {"standardize": Standardize()})
    known = np.arange(0, 120, 8)
    found = judge_by_labels(made_ready, known, yt[known])
    head = fit_average(found, made_ready, known, yt[known]).on_own_rows()
    alone = (made_ready.free[SOURCE_ONLY].argmax(1) == yt).mean()
    assert ((Xt @ head.weights.T + head.biases).argmax(1) == yt).mean() >= alone - 0.01


def test_held_out_probabilities_of_methods_that_learn_from_labels_have_not_seen_them(choices):
    """Labels at random: whoever had learned from the items it is judged by would know them."""
    known = np.arange(40)
    labels = np.random.default_rng(1).integers(0, 2, 40)
    found = judge_by_labels(choices, known, labels)
    assert found.accuracy("target_only", labels) < 0.75


def test_labels_of_one_class_teach_nothing_but_weigh(choices):
    _, _, _, yt = made()
    known = np.flatnonzero(yt == 1)[:6]
    found = judge_by_labels(choices, known, yt[known])
    assert set(found.contenders) == {SOURCE_ONLY, "standardize"} and not found.taught


def test_the_target_alone_takes_part_where_the_labels_show_every_class():
    Xs, ys, Xt, yt = made(classes=3)
    choices = label_free(Xs, ys, Xt, quick(), {})
    two = np.flatnonzero(yt < 2)[:10]
    assert "target_only" not in judge_by_labels(choices, two, yt[two]).contenders
    assert "target_only" in judge_by_labels(choices, np.arange(12), yt[:12]).contenders


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


def test_labels_weigh_teach_and_do_not_score(files):
    *_, yt = made()
    found = jeoni.adapt(
        files / "here.npz", files / "there.npz", labels=few_of(yt), method="standardize", out=files / "run", quiet=True
    )
    used = found.metrics["labels"]
    assert used["n"] == 20 and found.metrics["labelled"] == 100 and found.metrics["n"] == 120
    assert [one["path"] for one in used["items"]][:2] == ["row 0", "row 6"]
    assert found.metrics["target"]["metrics"]["accuracy"]["value"] > 0.9 and "20 target labels weigh" in found.summary
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
    assert "How the labels weigh the methods" in page and "standardize+prior" in page
    assert sum(one["share"] for one in used["methods"]) == pytest.approx(1)
    korean = jeoni.adapt(
        files / "here.npz", files / "there.npz", labels=few_of(yt), method="standardize", out=files / "ko", quiet=True,
        language="ko",
    )  # fmt: skip
    assert "가중 평균을 구했으며" in (korean.run / "report.html").read_text(encoding="utf-8")


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
