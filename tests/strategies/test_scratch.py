"""The control: training the same network from random weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.features.examples import Context
from jeoni.specs import Recipe
from jeoni.strategies.finetuning import tuning
from jeoni.strategies.finetuning.setup import TrainingSetup
from jeoni.strategies.finetuning.tuning import Trial, attempt, tune
from jeoni.strategies.scratch import CONFIG
from jeoni.training.defaults import resolve_defaults
from jeoni.training.job import Diverged
from jeoni.types import Quiet
from tests.made_tasks import classes
from tests.strategies.made_networks import FREE, SHORT, alike, build, examples, small_backbone, tensors


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


@pytest.mark.parametrize(
    ("preferred", "rates"), [({}, (3e-4, 1e-3, 3e-3)), ({"learning_rate": 6e-5}, (6e-5, 2e-4, 6e-4))]
)
def test_training_from_scratch_tries_rates_that_suit_the_network(preferred, rates, make_photos, monkeypatch):
    tried, strategy = [], build("scratch", FREE)
    backbone = dataclasses.replace(small_backbone(), preferred=preferred)
    train, context = examples(strategy, backbone, make_photos(each=6))

    def score(setup, train_on, rival):
        recipe = setup.recipe
        tried.append(recipe.learning_rate)
        assert recipe.head_learning_rate == recipe.learning_rate
        return Trial(abs(recipe.learning_rate - rates[1]))

    monkeypatch.setattr("jeoni.strategies.scratch.attempt", score)
    monkeypatch.setattr("jeoni.strategies.scratch.tune", lambda setup, train_on, begun: _Tuned(setup.recipe))
    model = strategy.fit(backbone, train, context)
    assert tried == pytest.approx(rates) and model.recipe.learning_rate == pytest.approx(rates[1])
    named = dataclasses.replace(strategy, recipe=dataclasses.replace(SHORT, learning_rate=0.1))
    tried.clear()
    assert named.fit(backbone, train, context).recipe.learning_rate == 0.1 and not tried


@dataclasses.dataclass(frozen=True)
class _Tuned:
    recipe: Recipe
    training: dict = dataclasses.field(default_factory=lambda: {"same": False, "evaluations": [], "best_step": 0})


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
        ((0.69, 0.60, 0.65), "memorised", MIDDLE, "memorised", False),  # nothing left to learn
    ],
)
def test_the_control_is_the_better_of_a_long_training_and_its_trial(
    trials, full, rate, why, warned, make_photos, monkeypatch
):
    strategy, console = build("scratch", dataclasses.replace(FREE, steps=100)), _Heard()
    backbone = small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6), Context(engine="torch", console=console))

    def tune(setup, train_on, begun):
        recipe = setup.recipe
        assert (recipe.steps == 20) == (begun is not None)
        assert recipe.steps == 20 or full != "memorised"
        if recipe.steps == 100 and full == "diverged":
            raise Diverged("inf")
        same = recipe.steps == 100 and full == "same"
        held = None if same else full
        looks = [{"step": 50, "held": 0.1}, {"step": recipe.steps, "held": held}]
        return _Tuned(recipe, {"same": same, "evaluations": looks, "best_step": recipe.steps})

    tried = iter([Trial(score, np.full(9, score), full == "memorised") for score in trials])
    monkeypatch.setattr("jeoni.strategies.scratch.attempt", lambda *given: next(tried))
    monkeypatch.setattr("jeoni.strategies.scratch.tune", tune)
    model = strategy.fit(backbone, train, context)
    assert (model.recipe.learning_rate, model.recipe.steps) == (pytest.approx(rate), 20 if why else 100)
    assert model.training["shortened"] == why and len(model.training["trials"]) == 3
    assert bool(console.warnings) == warned


def test_where_no_trial_learned_and_the_long_training_diverges_it_says_so(make_photos, monkeypatch):
    strategy, backbone = build("scratch", FREE), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6))

    def tune(*given):
        raise Diverged("inf")

    monkeypatch.setattr("jeoni.strategies.scratch.attempt", lambda *given: Trial(np.inf))
    monkeypatch.setattr("jeoni.strategies.scratch.tune", tune)
    with pytest.raises(Diverged):
        strategy.fit(backbone, train, context)


def test_a_control_that_says_the_same_of_everything_is_called_none(make_photos):
    """At a rate of next to nothing it stays what it was: a head of zeros."""
    console = _Heard()
    strategy = dataclasses.replace(build("scratch", FREE), rates=(1e-9, 1e-8))
    backbone = small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6), Context(engine="torch", console=console))
    model = strategy.fit(backbone, train, context)
    assert model.training["same"] and not model.training["shortened"]
    assert all(np.isinf(v) for v in model.training["trials"].values())
    assert any("learned nothing" in text for text in console.warnings)


@pytest.mark.parametrize(
    ("longer", "memorised", "steps", "why"),
    [
        (0.6, True, 40, "memorised"),
        (0.6, False, 40, "less"),  # the long one comes to 0.65
        (0.64, True, 40, "memorised"),
        (0.9, True, 20, "less"),  # clearly worse than half of it
        (np.inf, False, 20, "less"),
    ],
)
@pytest.mark.parametrize("unchanging", [True, False])
def test_examples_that_do_not_change_are_tried_for_twice_as_long(
    longer, memorised, steps, why, unchanging, make_photos, monkeypatch
):
    strategy, backbone = build("scratch", dataclasses.replace(FREE, steps=100)), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=6))
    noise, tried = np.linspace(-0.3, 0.3, 9), []

    def attempt(setup, train_on, rival=None):
        tried.append(setup.recipe.steps)
        if setup.recipe.steps == 20:
            return Trial(0.63, 0.63 + noise, unchanging=unchanging)
        return Trial(longer, longer - noise * (longer < 0.7), memorised, unchanging)

    def tune(setup, train_on, begun):
        recipe = setup.recipe
        looks = [{"step": recipe.steps, "held": 0.65}]
        return _Tuned(recipe, {"same": False, "evaluations": looks, "best_step": recipe.steps})

    monkeypatch.setattr("jeoni.strategies.scratch.attempt", attempt)
    monkeypatch.setattr("jeoni.strategies.scratch.tune", tune)
    model = strategy.fit(backbone, train, context)
    assert tried == [20, 20, 20, 40][: 4 if unchanging else 3]
    assert (model.recipe.steps, model.training["shortened"]) == ((steps, why) if unchanging else (20, "less"))


@pytest.mark.parametrize(
    ("augment", "steps", "memorised"), [("none", 40, True), ("none", 2, False), ("light", 40, False)]
)
def test_only_what_looks_the_same_in_every_epoch_is_memorised(augment, steps, memorised, make_photos):
    recipe = dataclasses.replace(FREE, steps=steps, learning_rate=3e-3, augment=augment)
    strategy, backbone = build("scratch", recipe), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=52))
    twin, whole = untrained_twin(backbone, 0), resolve_defaults(recipe, {}, len(train))
    setup = TrainingSetup(twin, backbone, context, whole, CONFIG, "linear", "none")
    trial = attempt(setup, train)
    assert (trial.memorised, trial.unchanging) == (memorised, augment == "none")
    if memorised:  # its training is resumed: the same weights as without it
        again = tune(setup, train, trial)
        assert again.training["evaluations"] == trial.first[0].history.evaluations
        assert alike(tensors(again), tensors(tune(setup, train)))
    else:
        assert trial.first is None


@pytest.mark.parametrize("how", ["says the same", "forgets"])
@pytest.mark.parametrize("each", [20, 52])
def test_where_all_examples_ruin_what_a_part_of_them_taught_that_is_the_control(each, how, make_photos, monkeypatch):
    recipe = dataclasses.replace(FREE, steps=40, learning_rate=3e-3, augment="none")
    strategy, backbone = build("scratch", recipe), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=each))
    twin, whole = untrained_twin(backbone, 0), resolve_defaults(recipe, {}, len(train))
    setup = TrainingSetup(twin, backbone, context, whole, CONFIG, "linear", "none")
    trial = attempt(setup, train)
    assert trial.memorised
    learned = {k: v.cpu() for k, v in trial.first[0].network.state_dict().items()}
    real = tuning.run_on

    def ruining(setup, some, held, *others):
        run = real(setup, some, held, *others)
        assert len(some) == len(train)
        with torch.no_grad():
            for p in run.network.head.parameters():
                p.mul_(0.0 if how == "says the same" else -1.0)
        return run

    monkeypatch.setattr(tuning, "run_on", ruining)
    model = tune(setup, train, trial)
    assert model.training["ruined"] and not model.training["same"] and not model.training["refitted"]
    head = {k: v for k, v in model.head.state_dict().items() if k != "temperature"}
    assert head and all(torch.equal(v, learned[f"head.{k}"]) for k, v in head.items())


@pytest.mark.parametrize(("patience", "moment"), [(0, "last"), (2, "best")])
def test_with_few_examples_a_control_goes_to_its_end(patience, moment, make_photos):
    """Unless patience is asked for: then what is held out stops it."""
    recipe = dataclasses.replace(FREE, steps=20, learning_rate=1e-3, patience=patience)
    strategy, backbone = build("scratch", recipe), small_backbone()
    train, context = examples(strategy, backbone, make_photos(each=52))
    training = strategy.fit(backbone, train, context).training
    held = [look["held"] for look in training["evaluations"]]
    assert training["held_out"] >= 20 and None not in held and training["moment"] == moment
    best = training["evaluations"][int(np.argmin(held))]["step"]
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
    assert classes(len(logits[0])).constant(np.array(logits)) == same


class _Heard(Quiet):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)
