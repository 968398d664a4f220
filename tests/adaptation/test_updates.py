"""What every deep method's step lowers, and by which parameters: against torch, scipy and sums by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import nn

from jeoni.adaptation import ADDA, CDAN, DANN, MCC, MCD, SHOT, TENT, AdaBN, DeepCORAL, SelfTraining
from jeoni.adaptation.alignment import Alignment, Network, Step, ramp
from jeoni.adaptation.deep.cdan import _Conditional
from jeoni.adaptation.deep.dan import DAN, discrepancy
from jeoni.adaptation.deep.deep_coral import coral_loss
from jeoni.adaptation.deep.mcc import confusion
from jeoni.adaptation.deep.shot import centroid_labels, surprise
from jeoni.adaptation.deep_training import _Joined, part_groups
from jeoni.adaptation.discriminator import reverse
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.job import Update
from jeoni.training.rows import ArrayRows

SOURCE, TARGET, COLUMNS, CLASSES = 6, 5, 4, 3


def network_for(method: Alignment, dim: int = 4) -> Network:
    torch.manual_seed(1)
    features = nn.Sequential(nn.Linear(COLUMNS, dim), nn.BatchNorm1d(dim), nn.Tanh())
    network = Network(features, nn.Linear(dim, CLASSES), nn.Identity()).eval()
    network.parts = method.build(dim, CLASSES, network, TARGET)
    return network


def step_for(network: Network, progress: float = 0.3) -> Step:
    made = torch.Generator().manual_seed(2)
    source, target = (torch.randn(n, COLUMNS, generator=made) for n in (SOURCE, TARGET))
    strong = target + 0.3 * torch.randn(target.shape, generator=made)
    labels = torch.eye(CLASSES)[[0, 1, 2, 0, 1, 2]]
    return Step(network, source, target + 1, strong + 1, labels, np.arange(TARGET), progress)


def moves(update: Update, network: Network) -> set[str]:
    """The parts of the network that an update may move."""
    names = [name for name, _ in network.named_parameters()]
    return {name.partition(".")[0] for name in names if update.wanted is None or update.wanted(name)}


def number(tensor: torch.Tensor) -> float:
    return float(tensor.detach())


def gradients(loss: torch.Tensor, module: nn.Module) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, list(module.parameters()), retain_graph=True))


def domain_loss_by_torch(told_source: torch.Tensor, told_target: torch.Tensor) -> torch.Tensor:
    """Source is 1 and target 0; both domains count alike."""
    bce = nn.functional.binary_cross_entropy_with_logits
    return (bce(told_source, torch.ones_like(told_source)) + bce(told_target, torch.zeros_like(told_target))) / 2


def probabilities(network: Network, rows: torch.Tensor) -> np.ndarray:
    return network(rows).softmax(1).detach().numpy()


def assert_close(found: list[torch.Tensor], wanted: list[torch.Tensor]) -> None:
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "method", [DANN(weight=0.7), CDAN(weight=0.7), DAN(weight=0.7), DeepCORAL(weight=0.7), MCC(weight=0.7)]
)
def test_most_lower_the_tasks_loss_and_the_weighted_alignment_by_all_there_is(method):
    network = network_for(method)
    step = step_for(network)
    (update,) = list(method.updates(step))
    batch = step.batch()
    task = nn.functional.cross_entropy(network(step.source), step.labels.argmax(1))
    assert number(update.loss) == pytest.approx(number(task + 0.7 * method.alignment(batch, step)), rel=1e-5)
    assert number(task) != pytest.approx(number(update.loss), rel=1e-3)
    assert moves(update, network) >= {"features", "head"}


@pytest.mark.parametrize("method", [DAN(), DeepCORAL()])
def test_the_alignment_rises_with_the_distance_of_the_domains(method):
    network = network_for(method)
    rng = torch.Generator().manual_seed(0)
    one, other, far = (torch.randn(40, 4, generator=rng) for _ in range(3))
    far = 3 * far + 2
    step, logits = step_for(network), torch.zeros(40, CLASSES)
    pairs = [(one, one), (one, other), (one, far)]
    same, like, apart = (number(method.alignment(_batch(a, b, logits), step)) for a, b in pairs)
    assert same <= like + 1e-6 < apart - 0.05


def _batch(source: torch.Tensor, target: torch.Tensor, logits: torch.Tensor):
    from jeoni.adaptation.alignment import Batch

    return Batch(source, target, logits, logits)


@pytest.mark.parametrize("progress", [0.0, 0.1, 1.0])
def test_dann_trains_the_discriminator_one_way_and_the_features_the_other(progress):
    method = DANN(weight=0.7)
    network = network_for(method)
    step = step_for(network, progress)
    (update,) = list(method.updates(step))
    told = [network.parts(network.features(rows)) for rows in (step.source, step.target)]
    plain = domain_loss_by_torch(*told)
    task = nn.functional.cross_entropy(network(step.source), step.labels.argmax(1))
    assert_close(gradients(update.loss, network.parts), [0.7 * g for g in gradients(plain, network.parts)])
    assert_close(gradients(update.loss, network.head), gradients(task, network.head))
    wanted = [
        t - 0.7 * ramp(progress) * d
        for t, d in zip(gradients(task, network.features), gradients(plain, network.features), strict=True)
    ]
    assert_close(gradients(update.loss, network.features), wanted)


def test_cdan_sees_products_and_listens_to_the_sure():
    method = CDAN()
    network = network_for(method)
    step = step_for(network, 0.4)
    (update,) = list(method.updates(step))
    losses, mixed = [], []
    for rows, is_source in ((step.source, True), (step.target, False)):
        features, probs = network.features(rows), probabilities(network, rows)
        product = torch.einsum("nd,nk->ndk", features, torch.from_numpy(probs)).flatten(1)
        told = network.parts.discriminator(product)
        weights = 1 + np.exp(-entropy(probs, axis=1))
        weights = torch.from_numpy(weights / weights.mean())
        labels = torch.full_like(told, float(is_source))
        losses.append(nn.functional.binary_cross_entropy_with_logits(told, labels, weights))
        mixed.append(product)
    wanted = sum(losses) / 2
    task = nn.functional.cross_entropy(network(step.source), step.labels.argmax(1))
    assert number(update.loss) == pytest.approx(number(task + wanted), rel=1e-6)
    assert_close(gradients(update.loss, network.parts), gradients(wanted, network.parts))


def test_cdan_turns_the_gradients_of_features_round():
    """All examples as sure as each other, so that weights are 1: what is left is DANN's reversal, behind the product."""
    method = CDAN()
    network = network_for(method)
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.copy_(torch.tensor([0.5, 0.2, -0.4]))
    step = step_for(network, 0.4)
    (update,) = list(method.updates(step))
    probs = network.head.bias.softmax(0).detach()
    told = [
        network.parts.discriminator(torch.einsum("nd,k->ndk", network.features(rows), probs).flatten(1))
        for rows in (step.source, step.target)
    ]
    wanted = [-ramp(0.4) * g for g in gradients(domain_loss_by_torch(*told), network.features)]
    assert_close(gradients(update.loss, network.features), wanted)


def test_cdans_random_map_keeps_products_of_lengths_and_is_not_trained():
    torch.manual_seed(0)
    made = _Conditional(500, 10, 8)
    assert not made.whole
    f, p = torch.randn(60, 500), torch.rand(60, 10).softmax(1)
    mapped = (f @ made.get_buffer("of_features")) * (p @ made.get_buffer("of_probs"))
    wanted = ((f @ f.T) * (p @ p.T)).diagonal()
    torch.testing.assert_close((mapped @ mapped.T).diagonal().mean(), wanted.mean(), rtol=0.1, atol=0)
    trained = {n for n, _ in made.named_parameters()}
    assert not any(n.startswith("of_") for n in trained)
    assert _Conditional(400, 10, 8).whole


def test_adda_teaches_the_discriminator_and_then_the_targets_encoder_with_inverted_labels():
    method = ADDA()
    network = network_for(method)
    step = step_for(network)
    discriminator, frozen = network.parts["discriminator"], network.parts["frozen"]
    with torch.no_grad():  # the encoder has moved since; the source's has not
        network.features[0].weight.add_(0.5)
    first, second = list(method.updates(step))
    told_source, told_target = discriminator(frozen(step.source)), discriminator(network.features(step.target))
    assert number(first.loss) == pytest.approx(number(domain_loss_by_torch(told_source, told_target)))
    assert moves(first, network) == {"parts"} and moves(second, network) == {"features"}
    inverted = nn.functional.binary_cross_entropy_with_logits(told_target, torch.ones_like(told_target))
    assert_close(gradients(second.loss, network.features), gradients(inverted, network.features))
    groups = part_groups(network, ResolvedRecipe(steps=1, head_learning_rate=0.1, weight_decay=0.0))
    assert all(".frozen." not in name for group in groups for name in group.parameters)


def test_mcd_takes_its_three_turns():
    method = MCD(weight=0.7, rounds=3)
    network = network_for(method)
    step = step_for(network)
    task, labels = nn.functional.cross_entropy, step.labels.argmax(1)
    features = network.features(step.source)
    both = number(task(network.head(features), labels) + task(network.parts(features), labels))
    moved_features = network.features(step.target)
    gap = (network.head(moved_features).softmax(1) - network.parts(moved_features).softmax(1)).abs().mean()
    a, b, *c = list(method.updates(step))
    assert number(a.loss) == pytest.approx(both) and moves(a, network) == {"features", "head", "parts"}
    assert number(b.loss) == pytest.approx(both - 0.7 * number(gap)) and moves(b, network) == {"head", "parts"}
    assert len(c) == 3
    for update in c:
        assert number(update.loss) == pytest.approx(0.7 * number(gap)) and moves(update, network) == {"features"}


def test_tent_lowers_the_entropy_by_scales_and_shifts_alone():
    method = TENT()
    network = network_for(method)
    step = step_for(network)
    (update,) = list(method.updates(step))
    assert number(update.loss) == pytest.approx(entropy(probabilities(network, step.target), axis=1).mean(), rel=1e-5)
    owners = dict(network.named_modules())
    wanted = [n for n, _ in network.named_parameters() if method.wanted(n, owners[n.rpartition(".")[0]])]
    assert wanted == ["features.1.weight", "features.1.bias"] and all(update.wanted(n) for n in wanted)
    assert not update.wanted("head.weight")


def test_shot_makes_predictions_sure_and_varied_and_follows_its_pseudo_labels():
    method = SHOT(weight=0.7, pseudo=0.2)
    network = network_for(method)
    step = dataclasses.replace(step_for(network), numbers=np.array([3, 1, 4, 0, 2]))
    kept = torch.tensor([0, 2, 1, 1, 0])
    network.parts.get_buffer("labels").copy_(kept)
    (update,) = list(method.updates(step))
    probs = probabilities(network, step.target)
    information = entropy(probs.mean(0)) - entropy(probs, axis=1).mean()
    pseudo = -np.log(probs[np.arange(TARGET), kept.numpy()[step.numbers]]).mean()
    assert number(update.loss) == pytest.approx(-0.7 * information + 0.2 * pseudo, rel=1e-5)
    assert moves(update, network) == {"features"}
    sure, varied = torch.tensor([[9.0, 0], [9.0, 0]]), torch.tensor([[9.0, 0], [0, 9.0]])
    assert number(surprise(varied)) < number(surprise(sure)) - 0.5, "sure of everything alike is no information"
    assert number(surprise(varied)) < number(surprise(torch.zeros(2, 2))) - 0.5, "nor is doubt"


def test_shots_pseudo_labels_lie_with_the_examples_they_are_of():
    network = Network(nn.Identity(), nn.Linear(2, 2), nn.Identity())
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[5.0, 0], [0, 5.0]]))
        network.head.bias.zero_()
    method, rows = SHOT(), torch.tensor([[2.0, 0], [0, 2.0], [0, 1.5], [1.8, 0.1], [0.2, 1.9]])
    network.parts = method.build(2, 2, network, 5)
    batches = [(np.array([4, 0]), rows[[4, 0]]), (np.array([2, 1, 3]), rows[[2, 1, 3]])]
    method.prepare(network, lambda: iter(batches), 0)
    assert network.parts.get_buffer("labels").tolist() == [0, 1, 1, 0, 1]


def test_fixmatch_believes_the_sure_weak_views_only():
    network = network_for(SelfTraining())
    step = step_for(network)
    weak, strong = probabilities(network, step.target), probabilities(network, step.strong)
    threshold = float(np.sort(weak.max(1))[1:3].mean())  # all but two are above it
    method, believed = SelfTraining(weight=0.7, threshold=threshold), weak.max(1) >= threshold
    assert believed.sum() == TARGET - 2 and SelfTraining().threshold == 0.95
    lost = -np.log(strong[np.arange(TARGET), weak.argmax(1)]) * believed
    task = nn.functional.cross_entropy(network(step.source), step.labels.argmax(1))
    (update,) = list(method.updates(step))
    assert number(update.loss) == pytest.approx(number(task) + 0.7 * lost.sum() / TARGET, rel=1e-5)
    taught = nn.functional.cross_entropy(network(step.strong), torch.from_numpy(weak.argmax(1)), reduction="none")
    wanted = task + 0.7 * (taught * torch.from_numpy(believed)).mean()  # no gradient comes through the weak view
    assert_close(gradients(update.loss, network.features), gradients(wanted, network.features))
    assert moves(update, network) == {"features", "head"}


def test_class_confusion_weights_the_sure():
    logits = torch.tensor([[3.0, 0.0, 0.5], [0.2, 0.1, 0.0], [0.0, 2.0, 1.0], [0.3, 0.0, 4.0]])
    probs = (logits / 2.5).softmax(1).numpy()
    weights = 1 + np.exp(-entropy(probs, axis=1))
    mixed = (probs * (weights * len(weights) / weights.sum())[:, None]).T @ probs
    mixed /= mixed.sum(1, keepdims=True)
    wanted = (mixed.sum() - np.trace(mixed)) / 3
    method = MCC()
    batch = _batch(torch.zeros(4, 2), torch.zeros(4, 2), logits)
    assert number(method.alignment(batch, step_for(network_for(method)))) == pytest.approx(wanted, rel=1e-6)
    logits = torch.from_numpy(np.random.default_rng(0).normal(size=(6, 4)) * 3)
    for divisor, wanted in ((2.5, 0.6645886940090993), (1.0, 0.4562385534090968)):  # skada 0.6.0
        assert number(confusion(logits / divisor)) == pytest.approx(wanted, rel=1e-12)


def test_class_weights_and_smoothing_reach_the_tasks_loss():
    network = network_for(DANN())
    weights = torch.tensor([3.0, 1.0, 0.5])
    step = dataclasses.replace(step_for(network), weights=weights, smoothing=0.1)
    logits = network(step.source).detach()
    smooth = step.labels * 0.9 + 0.1 / CLASSES
    lost = -(smooth * weights * logits.log_softmax(1)).sum(1)
    # torch divides by the weights of the labels only where these are numbers: of probabilities it takes the plain mean
    assert number(step.task(logits)) == pytest.approx(number(lost.mean()), rel=1e-5)


@pytest.mark.parametrize("kind", [AdaBN, ADDA, TENT])
def test_a_weight_that_would_change_nothing_is_no_setting(kind):
    assert "weight" not in {field.name for field in dataclasses.fields(kind)}
    assert "weight" in {field.name for field in dataclasses.fields(DANN)}
    with pytest.raises(TypeError, match="weight"):
        kind(weight=2.0)


def test_deep_coral_is_the_papers_loss():
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(30, 4)), rng.normal(size=(20, 4))
    wanted = ((np.cov(A.T) - np.cov(B.T)) ** 2).sum() / (4 * 16)
    assert float(coral_loss(torch.from_numpy(A), torch.from_numpy(B))) == pytest.approx(wanted)


def test_the_discrepancy_is_the_unbiased_one():
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + 1
    both = np.concatenate([A, B])
    squares = ((both[:, None] - both[None]) ** 2).sum(-1)
    width = squares.sum() / (12 * 11)
    K = np.exp(-squares / (2 * width))
    ss = sum(K[i, j] for i in range(7) for j in range(7) if i != j) / 42
    tt = sum(K[i, j] for i in range(7, 12) for j in range(7, 12) if i != j) / 20
    wanted = ss + tt - 2 * K[:7, 7:].mean()
    assert float(discrepancy(torch.from_numpy(A), torch.from_numpy(B), (1.0,))) == pytest.approx(wanted, abs=1e-9)
    same = torch.from_numpy(rng.normal(size=(200, 3)))
    assert abs(float(discrepancy(same[:100], same[100:], (0.5, 1.0, 2.0)))) < 0.02


def test_a_reversed_gradient_points_the_other_way():
    x = torch.ones(3, requires_grad=True)
    (reverse(x, 0.5) * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [-0.5, -1.0, -1.5]
    assert [round(ramp(p), 3) for p in (0.0, 0.5, 1.0)] == [0.0, 0.987, 1.0]


def test_class_confusion_by_hand():
    sure = torch.tensor([[20.0, 0.0], [0.0, 20.0]])
    unsure = torch.zeros(2, 2)
    assert float(confusion(sure)) == pytest.approx(0, abs=1e-6)
    assert float(confusion(unsure)) == pytest.approx(0.5)


def test_centroids_correct_a_wrong_label():
    features = torch.tensor([[1.0, 0.1], [1.0, 0.0], [0.9, 0.0], [0.0, 1.0], [0.1, 1.0], [0.0, 0.9]])
    probs = torch.tensor([[0.4, 0.6], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.2, 0.8]])
    assert centroid_labels(features, probs).tolist() == [0, 0, 0, 1, 1, 1]
    never = torch.tensor([[0.9, 0.05, 0.05], [0.8, 0.1, 0.1]])
    assert set(centroid_labels(features[:2], never).tolist()) == {0}


def test_batches_hold_both_domains_and_other_views_of_the_same_examples():
    from jeoni.training.order import Domain, DomainBalancedSampler

    order = DomainBalancedSampler((Domain(10), Domain(6), Domain(6, views_of=1)), 9, 0)
    for step in range(8):
        index, _ = order.at(step)
        source, weak, strong = index[:3], index[3:6], index[6:]
        assert (source < 10).all() and (weak >= 10).all() and (weak < 16).all()
        assert (strong == weak + 6).all()


def test_domains_of_one_size_take_examples_of_their_own_unless_they_are_views():
    from jeoni.training.order import Domain, DomainBalancedSampler

    order = DomainBalancedSampler((Domain(50), Domain(50), Domain(50)), 30, 0)
    first, second, third = np.split(order.at(0)[0] % 50, 3)
    assert not (first == second).all() and not (second == third).all()


def test_joined_rows_of_different_lengths_are_filled_up():
    from jeoni.backbones.packed import unpack

    long, short = np.ones((2, 5, 3), np.float32), 2 * np.ones((2, 2, 3), np.float32)
    rows = _Joined((ArrayRows(long), ArrayRows(short))).batch(np.array([0, 3]), np.zeros(2, dtype=int))
    assert rows.shape == (2, 5, 3)
    hidden, mask = unpack(torch.from_numpy(rows))
    assert hidden[1, :2].eq(2).all() and not hidden[1, 2:].any() and mask.shape[1] == 5


def test_a_step_knows_its_numbers_and_labels():
    network = Network(nn.Linear(3, 2), nn.Linear(2, 2), nn.Identity())
    step = Step(
        network, torch.zeros(4, 3), torch.ones(2, 3), torch.zeros(0, 3), torch.eye(2)[[0, 1, 0, 1]], np.arange(2), 0.5
    )
    batch = step.batch()
    assert batch.source_features.shape == (4, 2) and batch.target_logits.shape == (2, 2)
    torch.testing.assert_close(
        step.task(batch.source_logits), nn.functional.cross_entropy(batch.source_logits, step.labels)
    )
