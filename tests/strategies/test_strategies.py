"""What every strategy must do, whichever it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.read import load_data
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.spec import Recipe
from jeoni.strategies._tuning import Trial, attempt, says_the_same, tune
from jeoni.strategies.scratch import MANNER
from jeoni.training.job import Diverged
from jeoni.training.settle import settle
from jeoni.types import Quiet
from tests.conftest import TINY

STRATEGIES = plugins.names("jeoni.strategies")
TRAINED = tuple(name for name in STRATEGIES if name != "probe")
SHORT = Recipe(steps=12, batch_size=8, views=2, head_learning_rate=0.01)
FREE = Recipe(steps=12, batch_size=8, views=2)  # the rate of the head as well is chosen


def small_backbone():
    """The tiny network on tiny pictures: any size will do for a convolutional one."""
    backbone = load_backbone(TINY)
    return dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, size=48))


def build(name, recipe=SHORT):
    kind = plugins.load("jeoni.strategies", name)
    wanted = {f.name for f in dataclasses.fields(kind)}
    return kind(**({"recipe": recipe} if "recipe" in wanted else {}))


def examples(strategy, backbone, root, context=None):
    data, context = load_data(root), context or Context(engine="torch")
    seen = context.extract(data.items, [Request(backbone, strategy.taps(backbone, len(data)))])
    alone = np.arange(len(data))
    return Examples(data, alone, seen, alone, build_folds(data.labels, alone, 3, 1, 0)), context


def tensors(model):
    return {**model.backbone.network.state_dict(), **{f"head.{k}": v for k, v in model.head.state_dict().items()}}


def alike(one, other):
    return one.keys() == other.keys() and all(torch.equal(v, other[k]) for k, v in one.items())


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("classes", [2, 10])
def test_frozen_tensors_stay_bit_identical_and_the_result_beats_chance(name, classes, make_photos):
    recipe = dataclasses.replace(SHORT, steps=40) if name == "scratch" else SHORT
    strategy, backbone = build(name, recipe), small_backbone()
    before = {k: v.clone() for k, v in backbone.network.state_dict().items()}
    train, context = examples(strategy, backbone, make_photos(classes=classes, each=12))
    model = strategy.fit(backbone, train, context)
    after = model.backbone.network.state_dict()
    frozen = [p for stage in backbone.stages[: model.frozen] for p in stage.parameters]
    assert all(torch.equal(before[p], after[p]) for p in frozen)
    assert bool(frozen) == (name != "scratch")
    assert alike(before, backbone.network.state_dict()), "the backbone that was handed in was changed"
    said = model.predict(make_photos("new", classes=classes, each=3, first=600), context)
    right = np.mean([n.split("/")[0] == label for n, label in zip(said.names, said.labels, strict=True)])
    # ten directions of stripes repeat after three, so that chance among them is higher
    assert right > (0.65 if classes == 2 else 0.12)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_seed_gives_the_same_model_and_it_survives_the_disk(name, make_photos, tmp_path):
    from jeoni.model import load_model

    strategy, backbone = build(name), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=9))
    first, second = (strategy.fit(backbone, train, context) for _ in range(2))
    assert alike(tensors(first), tensors(second))
    new = make_photos("new", each=3, first=600)
    first.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(new, context).probs, first.predict(new, context).probs)


@pytest.mark.parametrize("name", STRATEGIES)
def test_predictions_from_rows_at_the_cut_are_those_of_the_whole_network(name, make_photos):
    strategy, backbone = build(name), small_backbone()
    root = make_photos(each=9)
    train, context = examples(strategy, backbone, root)
    model = strategy.fit(backbone, train, context)
    # rows at the cut are kept in half precision
    np.testing.assert_allclose(
        model.predict_examples(train, backbone, context), model.predict(root, context).probs, atol=2e-3
    )


@pytest.mark.parametrize("name", STRATEGIES)
def test_fewer_examples_than_a_batch_are_enough(name, make_photos):
    recipe = dataclasses.replace(SHORT, batch_size=64, steps=4)
    strategy, backbone = build(name, recipe), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=4))
    assert np.isfinite(strategy.fit(backbone, train, context).predict_examples(train, backbone, context)).all()


@pytest.mark.parametrize("name", TRAINED)
def test_a_training_that_was_interrupted_goes_on_to_the_same_weights(name, make_photos, tmp_path, monkeypatch):
    from jeoni.training import loop

    strategy, backbone = build(name), small_backbone()
    root = make_photos(each=8)
    train, plain = examples(strategy, backbone, root)
    undisturbed = strategy.fit(backbone, train, plain)

    context = dataclasses.replace(plain, checkpoints=tmp_path / "checkpoints", checkpoint_s=0.0)
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
    assert alike(tensors(resumed), tensors(undisturbed))
    whole = len(made)
    strategy.fit(backbone, train, context)
    assert len(made) == whole, "a training that was finished was repeated"


@pytest.mark.parametrize("name", TRAINED)
def test_every_trained_parameter_gets_a_gradient_and_no_other_does(name, make_photos, monkeypatch):
    from jeoni.training import loop

    strategy, backbone = build(name), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=8))
    step, found = loop._State.make_step, []

    def watched(self, *args):
        step(self, *args)
        named = dict(self.job.network.named_parameters())
        with_gradient = {n for n, p in named.items() if p.grad is not None}
        started = {n for g in self.job.groups if self.step > g.starts for n in g.parameters}
        found.append((with_gradient, started, all(named[n] is p for n, p in self.trained.items())))

    monkeypatch.setattr(loop._State, "make_step", watched)
    strategy.fit(backbone, train, context)
    assert found and all(a == b and same for a, b, same in found)


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
    loss = _distilling(teacher, 2.0, 0.6)(student, torch.tensor([[1.0, 0.0]]), np.array([0]))
    assert float(loss) == pytest.approx(0.6 * near + 0.4 * hard, rel=1e-5)


def test_the_loss_of_pairs_is_the_squared_error_of_cosines_like_and_unlike_pairs_counting_alike():
    from jeoni.strategies.contrastive import pair_loss

    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    classes = [0, 0, 0, 0, 1, 2]
    cosines = cosine_similarity(features.numpy())
    pairs = [(i, j) for i in range(6) for j in range(i)]
    alike = [(cosines[i, j] - 1) ** 2 for i, j in pairs if classes[i] == classes[j]]
    unlike = [cosines[i, j] ** 2 for i, j in pairs if classes[i] != classes[j]]
    found = pair_loss(features, torch.nn.functional.one_hot(torch.tensor(classes)).float())
    assert float(found) == pytest.approx((np.mean(alike) + np.mean(unlike)) / 2, rel=1e-5)
    assert float(pair_loss(features[:1], torch.ones(1, 1))) == 0  # no pair


def test_contrastive_training_brings_classes_together_and_fits_the_head_behind(make_photos):
    strategy, backbone = (
        build("contrastive", dataclasses.replace(SHORT, steps=60, learning_rate=1e-3)),
        small_backbone(),
    )
    train, context = examples(strategy, backbone, make_photos(each=8))
    model = strategy.fit(backbone, train, context)
    labels = train.data.labels
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
    from jeoni.strategies import _tuning

    # a training that ruins everything it touches
    def ruin(job, *others):
        torch.manual_seed(0)
        with torch.no_grad():
            for group in job.groups:
                for p in group.parameters.values():
                    p.normal_(std=10.0)
        return _tuning.History(1, 1)

    monkeypatch.setattr(_tuning, "train", ruin)
    monkeypatch.setattr(_tuning, "FEW", 10)
    monkeypatch.setattr(_tuning, "TELLING", 2)
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
        from jeoni.model import Model

        model = Model(backbone, torch.nn.Identity(), "linear", train.data.class_names, backbone.n, backbone.n)
        object.__setattr__(model, "predict_examples", self.predict)
        object.__setattr__(model, "choice", {"name": self.name})
        return model

    def predict(self, examples, source, context):
        right = self.confidence + self.spread * np.random.default_rng(len(self.name)).uniform(-1, 1, len(examples))
        return np.where(np.arange(2) == examples.data.labels[:, None], right[:, None], 1 - right[:, None])


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
    losses = {k: v["log_loss"] for k, v in model.contest.items()}
    assert losses[chosen] <= min(losses["untrained"], losses.get("scratch", np.inf))
    assert model.choice["name"] == ("probe" if chosen == "untrained" else chosen)


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


@pytest.mark.parametrize("head", ["linear", "mlp"])
def test_training_from_scratch_starts_from_its_seed_whatever_was_drawn_before(head, make_photos):
    recipe = dataclasses.replace(SHORT, learning_rate=1e-3)
    strategy = dataclasses.replace(build("scratch", recipe), head=head)
    backbone = small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=8))
    torch.manual_seed(1)
    first = strategy.fit(backbone, train, context)
    torch.manual_seed(2)
    assert alike(tensors(first), tensors(strategy.fit(backbone, train, context)))


@pytest.mark.parametrize("name", ["scratch", "contrastive"])
def test_the_long_trainings_compute_in_what_is_fast_here_unless_told_otherwise(name, make_photos, monkeypatch):
    monkeypatch.setattr(f"jeoni.strategies.{name}.precision_for", lambda backbone: "bfloat16")
    backbone, asked = small_backbone(), dataclasses.replace(SHORT, precision="float32")
    for recipe, found in ((SHORT, "bfloat16"), (asked, "float32")):
        strategy = build(name, recipe)
        train, context = examples(strategy, backbone, make_photos(each=6))
        assert strategy.fit(backbone, train, context).training["recipe"]["precision"] == found


@pytest.mark.parametrize(
    ("preferred", "rates"), [({}, (3e-4, 1e-3, 3e-3)), ({"learning_rate": 6e-5}, (6e-5, 2e-4, 6e-4))]
)
def test_training_from_scratch_tries_rates_that_suit_the_network(preferred, rates, make_photos, monkeypatch):
    tried, strategy = [], build("scratch", FREE)
    backbone = dataclasses.replace(small_backbone(), preferred=preferred)
    train, context = examples(strategy, backbone, make_photos(each=6))

    def score(twin, train_on, context, recipe, manner, **options):
        tried.append(recipe.learning_rate)
        assert recipe.head_learning_rate == recipe.learning_rate
        return Trial(abs(recipe.learning_rate - rates[1]))

    monkeypatch.setattr("jeoni.strategies.scratch.attempt", score)
    monkeypatch.setattr("jeoni.strategies.scratch.tune", lambda *given, **options: _Tuned(given[3]))
    model = strategy.fit(backbone, train, context)
    assert tried == pytest.approx(rates) and model.recipe.learning_rate == pytest.approx(rates[1])
    named = dataclasses.replace(strategy, recipe=dataclasses.replace(SHORT, learning_rate=0.1))
    tried.clear()
    assert named.fit(backbone, train, context).recipe.learning_rate == 0.1 and not tried


@dataclasses.dataclass(frozen=True)
class _Tuned:
    recipe: Recipe
    training: dict = dataclasses.field(default_factory=lambda: {"same": False, "looks": [], "best_step": 0})


LOW, MIDDLE, HIGH = 3e-4, 1e-3, 3e-3


@pytest.mark.parametrize(
    ("trials", "full", "rate", "why", "warned"),
    [
        ((0.69, 0.60, 0.65), 0.50, MIDDLE, "", False),
        ((0.69, 0.60, 0.65), 0.61, MIDDLE, "less", False),  # longer came to less
        ((0.69, np.inf, 0.70), 0.60, LOW, "", False),
        ((np.inf, 0.70, np.inf), "same", MIDDLE, "less", False),  # the long one was ruined
        ((np.inf, 0.70, np.inf), "diverged", MIDDLE, "less", False),
        ((np.inf, np.inf, np.inf), 0.65, MIDDLE, "", False),  # too short to tell
        ((np.inf, np.inf, np.inf), "same", MIDDLE, "", True),
        ((0.69, 0.60, 0.65), None, MIDDLE, "", False),  # nothing held out to hold it against
        ((0.69, 0.60, 0.65), "by heart", MIDDLE, "by_heart", False),  # nothing left to learn
    ],
)
def test_the_control_is_the_better_of_a_long_training_and_its_trial(
    trials, full, rate, why, warned, make_photos, monkeypatch
):
    strategy, heard = build("scratch", dataclasses.replace(FREE, steps=100)), _Heard()
    backbone = small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6), Context(engine="torch", console=heard))

    def tune(twin, train_on, context, recipe, manner, *, begun=None, **options):
        assert (recipe.steps == 20) == (begun is not None)
        assert recipe.steps == 20 or full != "by heart"
        if recipe.steps == 100 and full == "diverged":
            raise Diverged("inf")
        same = recipe.steps == 100 and full == "same"
        held = None if same else full
        looks = [{"step": 50, "held": 0.1}, {"step": recipe.steps, "held": held}]
        return _Tuned(recipe, {"same": same, "looks": looks, "best_step": recipe.steps})

    tried = iter([Trial(score, np.full(9, score), full == "by heart") for score in trials])
    monkeypatch.setattr("jeoni.strategies.scratch.attempt", lambda *given, **options: next(tried))
    monkeypatch.setattr("jeoni.strategies.scratch.tune", tune)
    model = strategy.fit(backbone, train, context)
    assert (model.recipe.learning_rate, model.recipe.steps) == (pytest.approx(rate), 20 if why else 100)
    assert model.training["shortened"] == why and len(model.training["trials"]) == 3
    assert bool(heard.warnings) == warned


def test_where_no_trial_learned_and_the_long_training_diverges_it_says_so(make_photos, monkeypatch):
    strategy, backbone = build("scratch", FREE), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6))

    def tune(*given, **options):
        raise Diverged("inf")

    monkeypatch.setattr("jeoni.strategies.scratch.attempt", lambda *given, **options: Trial(np.inf))
    monkeypatch.setattr("jeoni.strategies.scratch.tune", tune)
    with pytest.raises(Diverged):
        strategy.fit(backbone, train, context)


def test_a_control_that_says_the_same_of_everything_is_called_none(make_photos):
    """At a rate of next to nothing it stays what it was: a head of zeros."""
    heard = _Heard()
    strategy = dataclasses.replace(build("scratch", FREE), rates=(1e-9, 1e-8))
    backbone = small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6), Context(engine="torch", console=heard))
    model = strategy.fit(backbone, train, context)
    assert model.training["same"] and not model.training["shortened"]
    assert all(np.isinf(v) for v in model.training["trials"].values())
    assert any("learned nothing" in text for text in heard.warnings)


@pytest.mark.parametrize(
    ("longer", "by_heart", "steps", "why"),
    [
        (0.6, True, 40, "by_heart"),
        (0.6, False, 40, "less"),  # the long one comes to 0.65
        (0.64, True, 40, "by_heart"),
        (0.9, True, 20, "less"),  # clearly worse than half of it
        (np.inf, False, 20, "less"),
    ],
)
@pytest.mark.parametrize("unchanging", [True, False])
def test_examples_that_do_not_change_are_tried_for_twice_as_long(
    longer, by_heart, steps, why, unchanging, make_photos, monkeypatch
):
    strategy, backbone = build("scratch", dataclasses.replace(FREE, steps=100)), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6))
    noise, tried = np.linspace(-0.3, 0.3, 9), []

    def attempt(twin, train_on, context, recipe, manner, **options):
        tried.append(recipe.steps)
        if recipe.steps == 20:
            return Trial(0.63, 0.63 + noise, unchanging=unchanging)
        return Trial(longer, longer - noise * (longer < 0.7), by_heart, unchanging)

    def tune(twin, train_on, context, recipe, manner, **options):
        looks = [{"step": recipe.steps, "held": 0.65}]
        return _Tuned(recipe, {"same": False, "looks": looks, "best_step": recipe.steps})

    monkeypatch.setattr("jeoni.strategies.scratch.attempt", attempt)
    monkeypatch.setattr("jeoni.strategies.scratch.tune", tune)
    model = strategy.fit(backbone, train, context)
    assert tried == [20, 20, 20, 40][: 4 if unchanging else 3]
    assert (model.recipe.steps, model.training["shortened"]) == ((steps, why) if unchanging else (20, "less"))


@pytest.mark.parametrize(
    ("augment", "steps", "by_heart"), [("none", 40, True), ("none", 2, False), ("light", 40, False)]
)
def test_only_what_looks_the_same_in_every_epoch_is_known_by_heart(augment, steps, by_heart, make_photos):
    recipe = dataclasses.replace(FREE, steps=steps, learning_rate=3e-3, augment=augment)
    strategy, backbone = build("scratch", recipe), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=52))
    twin, whole = untrained_twin(backbone, 0), settle(recipe, {}, len(train))
    named = {"head": "linear", "class_weights": "none", "source": backbone}
    trial = attempt(twin, train, context, whole, MANNER, **named)
    assert (trial.by_heart, trial.unchanging) == (by_heart, augment == "none")
    if by_heart:  # its training is gone on with: the same weights as without it
        again = tune(twin, train, context, whole, MANNER, begun=trial, **named)
        assert again.training["looks"] == trial.first[0].history.looks
        assert alike(tensors(again), tensors(tune(twin, train, context, whole, MANNER, **named)))
    else:
        assert trial.first is None


@pytest.mark.parametrize(("patience", "moment"), [(0, "last"), (2, "best")])
def test_with_few_examples_a_control_goes_to_its_end(patience, moment, make_photos):
    """Unless patience is asked for: then what is held out stops it."""
    recipe = dataclasses.replace(FREE, steps=20, learning_rate=1e-3, patience=patience)
    strategy, backbone = build("scratch", recipe), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=52))
    training = strategy.fit(backbone, train, context).training
    held = [look["held"] for look in training["looks"]]
    assert training["held_out"] >= 20 and None not in held and training["moment"] == moment
    best = training["looks"][int(np.argmin(held))]["step"]
    assert training["best_step"] == (20 if moment == "last" else best)


@pytest.mark.parametrize(
    ("logits", "same"),
    [
        ([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], True),
        ([[1.0, 0.0], [3.0, 2.0], [-5.0, -6.0]], True),  # what is alike in all classes says nothing
        ([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], False),
        ([[0.01, 0.0], [0.0, 0.01], [0.01, 0.0]], True),
        ([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]], False),
    ],
)
def test_a_network_that_tells_nothing_apart_is_known_by_its_logits(logits, same):
    assert says_the_same(np.array(logits)) == same


class _Heard(Quiet):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)
