"""What every strategy must do, whichever it is."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.models.model import Model
from jeoni.specs import CompareSpec, FitSpec
from jeoni.strategies.building import build_arm, build_strategy
from jeoni.tasks import LossOptions
from jeoni.training.job import Batch
from tests.conftest import save_photos
from tests.made_tasks import classes
from tests.strategies.made_networks import SHORT, alike, build, examples, small_backbone, tensors

STRATEGIES = plugins.names("jeoni.strategies")
TRAINED = tuple(name for name in STRATEGIES if name != "probe")


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A model, and what it was made from; ``before`` are the backbone's tensors as they were."""

    model: Model
    strategy: object
    backbone: Backbone
    before: dict[str, torch.Tensor]
    train: Examples
    context: Context
    root: Path


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """``fitted("lora")``: trained once for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("fitted")

    @functools.cache
    def fit(name: str, classes: int = 2, steps: int = SHORT.steps) -> Fitted:
        root = save_photos(folder / str(classes), classes)
        strategy, backbone = build(name, dataclasses.replace(SHORT, steps=steps)), small_backbone()
        before = {k: v.clone() for k, v in backbone.network.state_dict().items()}
        train, context = examples(strategy, backbone, root)
        model = strategy.fit(backbone, train, context)
        return Fitted(model, strategy, backbone, before, train, context, root)

    return fit


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("classes", [2, 3])
def test_frozen_tensors_stay_bit_identical_and_the_result_beats_chance(name, classes, fitted, make_photos):
    made = fitted(name, classes, 40) if name == "scratch" else fitted(name, classes)
    model, before = made.model, made.before
    after = model.backbone.network.state_dict()
    frozen = [p for stage in made.backbone.stages[: model.frozen] for p in stage.parameters]
    assert all(torch.equal(before[p], after[p]) for p in frozen)
    assert bool(frozen) == ((model.chosen or name) not in ("scratch", "untrained"))
    assert alike(before, made.backbone.network.state_dict()), "the backbone that was handed in was changed"
    said = model.predict(make_photos("new", classes=classes, each=6, first=600), made.context)
    right = np.mean([n.split("/")[0] == label for n, label in zip(said.names, said.labels, strict=True)])
    assert right > (0.65 if classes == 2 else 0.4)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_seed_gives_the_same_model_in_which_all_that_is_trained_and_no_other_gets_a_gradient(
    name, fitted, monkeypatch
):
    from jeoni.training import loop

    made = fitted(name)
    step, found = loop._State.make_step, []

    def watched(self, *args):
        step(self, *args)
        named = dict(self.job.network.named_parameters())
        with_gradient = {n for n, p in named.items() if p.grad is not None}
        started = {n for g in self.job.groups if self.step > g.starts for n in g.parameters}
        found.append((with_gradient, started, all(named[n] is p for n, p in self.trained.items())))

    monkeypatch.setattr(loop._State, "make_step", watched)
    again = made.strategy.fit(made.backbone, made.train, made.context)
    assert alike(tensors(made.model), tensors(again))
    assert bool(found) == (name in TRAINED)
    assert all(a == b and same for a, b, same in found)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_model_survives_the_disk(name, fitted, make_photos, tmp_path):
    from jeoni.models.loading import load_model

    made, new = fitted(name), make_photos("new", each=3, first=600)
    made.model.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(new, made.context).probs, made.model.predict(new, made.context).probs)


@pytest.mark.parametrize("name", STRATEGIES)
def test_predictions_from_rows_at_the_cut_are_those_of_the_whole_network(name, fitted):
    made = fitted(name)
    # rows at the cut are kept in half precision, and a GPU runs the whole network in bfloat16
    near = 2e-2 if torch.cuda.is_available() else 2e-3
    np.testing.assert_allclose(
        made.model.predict_examples(made.train, made.backbone, made.context),
        made.model.predict(made.root, made.context).probs,
        atol=near,
    )


@pytest.mark.parametrize("name", STRATEGIES)
def test_fewer_examples_than_a_batch_are_enough(name, make_photos):
    recipe = dataclasses.replace(SHORT, batch_size=64, steps=4)
    strategy, backbone = build(name, recipe), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=4))
    assert np.isfinite(strategy.fit(backbone, train, context).predict_examples(train, backbone, context)).all()


LONG = ("auto", "scratch")


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in TRAINED])
def test_a_training_that_was_interrupted_goes_on_to_the_same_weights(name, fitted, tmp_path, monkeypatch):
    from jeoni.training import loop

    undisturbed = fitted(name)
    strategy, backbone, train = undisturbed.strategy, undisturbed.backbone, undisturbed.train
    context = dataclasses.replace(undisturbed.context, checkpoints=tmp_path / "checkpoints", checkpoint_s=0.0)
    step, made = loop._State.make_step, []

    def killed(self, *args):
        made.append(0)
        if len(made) == 8:
            raise RuntimeError("killed")
        step(self, *args)

    monkeypatch.setattr(loop._State, "make_step", killed)
    with pytest.raises(RuntimeError, match="killed"):
        strategy.fit(backbone, train, context)
    resumed = strategy.fit(backbone, train, context)
    assert alike(tensors(resumed), tensors(undisturbed.model))
    whole = len(made)
    strategy.fit(backbone, train, context)
    assert len(made) == whole, "a training that was finished was repeated"


@pytest.mark.parametrize("name", STRATEGIES)
def test_hyper_parameters_are_fields_of_a_frozen_dataclass(name):
    kind = plugins.load("jeoni.strategies", name)
    assert dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen
    assert plugins.describe("jeoni.strategies", name)


def test_the_loss_of_distillation_is_hintons():
    from jeoni.strategies.distill import _distilling

    teacher, student = torch.tensor([[0.8, 0.2]]), torch.tensor([[1.0, -1.0]])
    soft = np.array([0.8, 0.2]) ** (1 / 2) / (np.array([0.8, 0.2]) ** (1 / 2)).sum()
    said = np.exp(np.array([0.5, -0.5])) / np.exp(np.array([0.5, -0.5])).sum()
    near = (soft * np.log(soft / said)).sum() * 4
    hard = -np.log(np.exp(1.0) / (np.exp(1.0) + np.exp(-1.0)))
    labels = np.array([0])
    batch = Batch(student, labels, np.array([0]), np.array([0]))
    loss = _distilling(teacher, 2.0, 0.6, classes(2).criterion(labels, LossOptions()))(student, batch)
    assert float(loss) == pytest.approx(0.6 * near + 0.4 * hard, rel=1e-5)


def test_the_loss_of_pairs_is_the_squared_error_of_cosines_like_and_unlike_pairs_counting_alike():
    from jeoni.strategies.contrastive import pair_loss

    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    classes = [0, 0, 0, 0, 1, 2]
    cosines = cosine_similarity(features.numpy())
    pairs = [(i, j) for i in range(6) for j in range(i)]
    alike = [(cosines[i, j] - 1) ** 2 for i, j in pairs if classes[i] == classes[j]]
    unlike = [cosines[i, j] ** 2 for i, j in pairs if classes[i] != classes[j]]
    found = pair_loss(features, torch.tensor(classes))
    assert float(found) == pytest.approx((np.mean(alike) + np.mean(unlike)) / 2, rel=1e-5)
    assert float(pair_loss(features[:1], torch.zeros(1))) == 0  # no pair


def test_contrastive_training_brings_classes_together_and_fits_the_head_behind(make_photos):
    strategy, backbone = (
        build("contrastive", dataclasses.replace(SHORT, steps=60, learning_rate=1e-3)),
        small_backbone(),
    )
    train, context = examples(strategy, backbone, make_photos(each=8))
    model = strategy.fit(backbone, train, context)
    labels = train.data.targets
    pairs = ~np.eye(len(labels), dtype=bool)
    gaps = []
    for network in (backbone, model.backbone):
        seen = context.extract(train.data.items, [Request(network, (Tap(network.n, True),))])
        rows = seen.features(network, Tap(network.n, True)).numpy()
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        cosines, alike = unit @ unit.T, labels[:, None] == labels[None]
        gaps.append(cosines[alike & pairs].mean() - cosines[~alike].mean())
    assert gaps[1] > gaps[0] + 0.3
    assert (model.predict_examples(train, backbone, context).argmax(1) == labels).all()
    assert model.training["held_out"] == 0 and model.training["share"] == 1


@pytest.mark.parametrize("name", ["finetune", "contrastive"])
def test_where_training_does_not_help_the_result_is_the_linear_probe_itself(name, make_photos, monkeypatch):
    from jeoni.strategies.finetuning import setup, tuning

    # a training that ruins everything it touches
    def ruin(job, *others):
        torch.manual_seed(0)
        with torch.no_grad():
            for group in job.groups:
                for p in group.parameters.values():
                    p.normal_(std=10.0)
        return setup.History(1, 1)

    monkeypatch.setattr(setup, "train", ruin)
    monkeypatch.setattr(tuning, "FEW", 10)
    monkeypatch.setattr(tuning, "TELLING", 2)
    backbone, finetune, probe = small_backbone(), build(name), build("probe")
    train, context = examples(finetune, backbone, make_photos(each=12))
    tuned, plain = finetune.fit(backbone, train, context), probe.fit(backbone, train, context)
    assert tuned.training["share"] == 0
    for key, value in plain.head.state_dict().items():
        torch.testing.assert_close(tuned.head.state_dict()[key], value)
    assert tuned.backbone.fingerprint == backbone.fingerprint


class Said:
    """A strategy that gives right answers with a certain confidence, and is what it says it is."""

    def __init__(self, name, confidence, spread=0.02):
        self.name, self.confidence, self.spread = name, confidence, spread

    def fit(self, backbone, train, context):
        from jeoni.models.model import Model

        model = Model(backbone, torch.nn.Identity(), "linear", train.data.task, backbone.n, backbone.n)
        object.__setattr__(model, "predict_examples", self.predict)
        object.__setattr__(model, "choice", {"name": self.name})
        return model

    def predict(self, examples, source, context):
        right = self.confidence + self.spread * np.random.default_rng(len(self.name)).uniform(-1, 1, len(examples))
        return np.where(np.arange(2) == examples.data.targets[:, None], right[:, None], 1 - right[:, None])


@pytest.mark.parametrize(
    ("probe", "finetune", "untrained", "scratch", "chosen", "tried"),
    [
        (0.8, 0.9, 0.5, 0.99, "finetune", False),  # transfer is clearly better than nothing: scratch is left out
        (0.8, 0.8001, 0.5, 0.99, "probe", False),  # the simplest of equals
        (0.6, 0.7, 0.8, 0.75, "untrained", True),
        (0.6, 0.7, 0.71, 0.9, "scratch", True),
        (0.7, 0.6, 0.71, 0.65, "untrained", True),
    ],
)
def test_auto_never_ships_what_is_worse_than_its_controls(
    probe, finetune, untrained, scratch, chosen, tried, make_photos, monkeypatch
):
    from jeoni.strategies import auto

    backbone = small_backbone()
    twin = auto.untrained_twin(backbone, 0).fingerprint

    class Probing(Said):
        def fit(self, used, train, context):
            self.confidence = untrained if used.fingerprint == twin else probe
            return super().fit(used, train, context)

    monkeypatch.setattr(auto, "Probe", lambda *a: Probing("probe", probe))
    monkeypatch.setattr(auto, "Finetune", lambda *a: Said("finetune", finetune))
    monkeypatch.setattr(auto, "Scratch", lambda *a: Said("scratch", scratch))
    strategy = build("auto")
    train, context = examples(build("probe"), backbone, make_photos(each=30))
    model = strategy.fit(backbone, train, context)
    assert model.chosen == chosen
    assert ("scratch" in model.contest) == tried
    losses = {k: v["loss"] for k, v in model.contest.items()}
    assert losses[chosen] <= min(losses["untrained"], losses.get("scratch", np.inf))
    assert model.choice["name"] == ("probe" if chosen == "untrained" else chosen)


@pytest.mark.parametrize(("untrained", "beaten"), [(0.5, True), (0.85, False)])
def test_auto_runs_the_untrained_network_on_a_sample_unless_it_may_win(untrained, beaten, make_photos, monkeypatch):
    from jeoni.strategies import auto

    backbone = small_backbone()
    twin = auto.untrained_twin(backbone, 0).fingerprint
    passed: list[int] = []
    own = Context.extract

    def extract(self, items, requests):
        passed.extend(len(items) for request in requests if request.backbone.fingerprint == twin)
        return own(self, items, requests)

    class Probing(Said):
        def taps(self, backbone, n):
            return (Tap(backbone.n, True),)

        def fit(self, used, train, context):
            self.confidence = untrained if used.fingerprint == twin else 0.8
            return super().fit(used, train, context)

    monkeypatch.setattr(Context, "extract", extract)
    monkeypatch.setattr(auto, "Probe", lambda *a: Probing("probe", 0.8))
    monkeypatch.setattr(auto, "Finetune", lambda *a: Said("finetune", 0.7))
    monkeypatch.setattr(auto, "Scratch", lambda *a: Said("scratch", 0.6))
    train, context = examples(build("probe"), backbone, make_photos(each=30))
    model = dataclasses.replace(build("auto"), control_items=20).fit(backbone, train, context)
    record = model.contest["untrained"]
    if beaten:
        assert (model.chosen, passed, record["n"]) == ("probe", [20], 20)
        assert record["loss"] == pytest.approx(-np.log(0.5), abs=0.03)
        assert record["against"] == pytest.approx(-np.log(0.8), abs=0.03)
        assert "scratch" not in model.contest
    else:
        assert (model.chosen, passed) == ("untrained", [20, 60]) and "against" not in record
        assert "scratch" in model.contest


def test_the_most_examples_of_a_control_that_fit_was_told_are_those_of_auto():
    assert build_strategy("auto", FitSpec(control_items=300)).control_items == 300
    assert build_strategy("auto").control_items == FitSpec().control_items


def test_auto_tries_pairs_where_sequences_are_few(make_photos, monkeypatch):
    from jeoni.strategies import auto

    backbone = small_backbone()
    assert not auto._few_sequences(backbone, 30)
    monkeypatch.setattr(auto, "_few_sequences", lambda backbone, n: n < 100)
    monkeypatch.setattr(auto, "Probe", lambda *a: Said("probe", 0.6))
    monkeypatch.setattr(auto, "Finetune", lambda *a: Said("finetune", 0.6))
    monkeypatch.setattr(auto, "Contrastive", lambda *a: Said("contrastive", 0.9))
    train, context = examples(build("probe"), backbone, make_photos(each=30))
    model = build("auto").fit(backbone, train, context)
    assert model.chosen == "contrastive" and set(model.contest) >= {"probe", "finetune", "contrastive", "untrained"}


@pytest.mark.parametrize("architecture", ["test_resnet", "test_vit"])
def test_adapters_start_as_nothing_and_fold_into_the_weights_exactly(architecture):
    from jeoni.backbones.cut import cut
    from jeoni.strategies.lora import Lora, _fold

    backbone = load_backbone(f"untrained:{architecture}")
    made = cut(backbone, backbone.n - 2)
    size = backbone.input.size
    with torch.inference_mode():
        rows = made.lower(torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0)))
        plain, names = made.upper(rows), list(made.upper.state_dict())
        Lora(rank=4)._adapt(backbone, made, seed=0)
        adapters = {n: p for n, p in made.upper.named_parameters() if ".lora_" in n}
        assert adapters and all(p.shape[0 if ".lora_A" in n else 1] == 4 for n, p in adapters.items())
        torch.testing.assert_close(made.upper(rows), plain)
        for n, p in adapters.items():
            if ".lora_B" in n:
                p.normal_(0, 0.1)
        adapted = made.upper(rows)
        assert not torch.allclose(adapted, plain)
        _fold(made.upper)
        assert list(made.upper.state_dict()) == names
        torch.testing.assert_close(made.upper(rows), adapted, rtol=1e-4, atol=1e-5)


def test_the_teacher_has_not_seen_what_is_held_out_for_the_student(make_photos, monkeypatch):
    from jeoni.strategies.finetune import Finetune

    strategy, backbone = build("distill"), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=60))
    fit, taught = Finetune.fit, []

    def watched(self, backbone, train, context):
        if type(self) is Finetune:
            taught.append(len(train))
        return fit(self, backbone, train, context)

    monkeypatch.setattr(Finetune, "fit", watched)
    model = strategy.fit(backbone, train, context)
    assert taught[0] == len(train) - model.training["held_out"] < len(train)


@pytest.mark.parametrize("name", ["scratch", "contrastive"])
def test_the_long_trainings_compute_in_what_is_fast_here_unless_told_otherwise(name, make_photos, monkeypatch):
    monkeypatch.setattr(
        "jeoni.strategies.finetune.precision_for", lambda backbone, long: "bfloat16" if long else "none"
    )
    backbone, asked = small_backbone(), dataclasses.replace(SHORT, precision="float32")
    for recipe, found in ((SHORT, "bfloat16"), (asked, "float32")):
        strategy = build(name, recipe)
        train, context = examples(strategy, backbone, make_photos(each=6))
        assert strategy.fit(backbone, train, context).training["recipe"]["precision"] == found


def test_strategies_of_a_comparison_have_hyper_parameters_of_their_own():
    spec = CompareSpec(strategies="probe,probe:stages=2,l2sp:alpha=0.5,scratch")
    made = [build_arm(name, spec) for name in spec.arms]
    assert [type(one).__name__ for one in made] == ["Probe", "Probe", "L2SP", "Scratch"]
    assert (made[0].stages, made[1].stages, made[2].alpha) == (1, 2, 0.5)
    with pytest.raises(ConfigError, match="strategies is 'two'; pairs such as"):
        build_arm("probe:two", spec)
    with pytest.raises(ConfigError, match="probe has no setting 'stagez'. Did you mean stage, stages"):
        build_arm("probe:stagez=2", spec)
    with pytest.raises(ConfigError, match="at least two different ones"):
        CompareSpec(strategies="probe:stages=2, probe:stages=2")
    assert CompareSpec().changed(strategies=["lora:rank=4,alpha=8", "scratch"]).arms == (
        "lora:rank=4,alpha=8",
        "scratch",
    )
