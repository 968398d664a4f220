from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.covariance import ledoit_wolf
from torch.nn import functional

from jeoni import plugins
from jeoni.dense.heads.anomaly.nearest import Nearest
from jeoni.dense.heads.anomaly.normals.heat import gaussian_smoothed, heat_predictions, packed_outputs
from jeoni.dense.heads.anomaly.normals.held_out import Pictures, fold_numbers, learn_and_hold_out, upper_quantile
from jeoni.dense.heads.anomaly.normals.places import chosen_maps, place_descriptors, sampled_descriptors
from jeoni.dense.heads.anomaly.padim import PaDiM, shrunk_covariances
from jeoni.dense.heads.anomaly.patchcore import PatchCore, crowding_weights, greedy_coreset, nearest_remembered
from jeoni.dense.protocol import MapShape

SHAPES = [MapShape(6, 8), MapShape(8, 16), MapShape(10, 32)]
HEADS = plugins.names("jeoni.dense.heads.anomaly")


def make_maps(pictures: int, seed: int = 1, odd: float = 0.0) -> list[torch.Tensor]:
    """Maps on grids of 8, 4 and 2; ``odd`` is added to one place of each."""
    draw = torch.Generator().manual_seed(seed)
    found = [torch.randn(pictures, s.channels, 64 // s.stride, 64 // s.stride, generator=draw) for s in SHAPES]
    for one, at in zip(found, (5, 2, 1), strict=True):
        one[:, :, at, at] += odd
    return found


def batches(pictures: int, seed: int = 1, size: int = 4):
    whole = make_maps(pictures, seed)

    def some():
        for start in range(0, pictures, size):
            yield [one[start : start + size] for one in whole]

    return some


@pytest.fixture(params=HEADS)
def fitted(request):
    factory = plugins.load("jeoni.dense.heads.anomaly", request.param)()
    head = factory.build(None, SHAPES)
    head.fit(batches(24), 0)
    return factory, head.eval()


def test_every_head_scores_what_is_unusual_higher_and_says_where(fitted):
    _, head = fitted
    assert not head.trains
    normal, odd = (head.decode(head(make_maps(6, 7, amount)), (64, 48)) for amount in (0.0, 6.0))
    assert min(o.score for o in odd) > max(n.score for n in normal)
    assert all(o.score > 1 for o in odd)
    for one in odd:
        if one.heat is not None:
            assert one.heat.shape == (48, 64) and one.heat.dtype == np.float32
            row, column = np.unravel_index(one.heat.argmax(), one.heat.shape)
            assert abs(row / 48 - 5.5 / 8) < 0.13 and abs(column / 64 - 5.5 / 8) < 0.13


def test_every_head_is_saved_as_its_buffers_and_restored_by_their_shapes(fitted):
    factory, head = fitted
    assert list(head.parameters()) == []
    state = head.state_dict()
    again = factory.build_like({k: tuple(v.shape) for k, v in state.items()}, None, SHAPES)
    again.load_state_dict(state)
    maps = make_maps(3, 5)
    torch.testing.assert_close(again(maps), head(maps), rtol=0, atol=0)
    assert [h.score for h in again.decode(again(maps), (64, 64))] == [
        h.score for h in head.decode(head(maps), (64, 64))
    ]


def test_every_head_depends_on_its_seed_alone(fitted):
    factory, head = fitted
    other = factory.build(None, SHAPES)
    other.fit(batches(24, size=5), 0)
    maps = make_maps(3, 5)
    torch.testing.assert_close(other(maps), head(maps), rtol=1e-4, atol=1e-4)


def test_every_threshold_comes_from_examples_that_were_held_out(fitted):
    _, head = fitted
    held = head.held_out.numpy()
    assert held.shape == (24,) and np.isfinite(held).all()
    assert float(head.threshold) == pytest.approx(upper_quantile(held.astype(float), 0.95))
    seen = head(make_maps(24))[:, 0, 0].numpy()
    assert seen.mean() < held.mean()  # of what it remembers it is too sure


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_new_normal_examples_exceed_the_threshold_as_often_as_promised(quantile):
    alarms = []
    for seed in range(12):
        head = Nearest(quantile=quantile).build(None, SHAPES)
        head.fit(batches(60, seed), seed)
        alarms.append(np.mean([h.score > 1 for h in head.decode(head(make_maps(50, 1000 + seed)), (64, 64))]))
    assert np.mean(alarms) <= 1 - quantile + 0.05
    assert np.mean(alarms) >= (1 - quantile) / 3


@pytest.mark.parametrize(
    "n, quantile, rank", [(99, 0.95, 95), (19, 0.95, 19), (5, 0.95, 5), (199, 0.99, 198), (9, 0.5, 5)]
)
def test_the_quantile_is_the_order_statistic_that_keeps_the_promise(n, quantile, rank):
    scores = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    assert upper_quantile(scores, quantile) == rank
    assert rank == n or 1 - rank / (n + 1) <= 1 - quantile + 1e-12


def test_without_a_score_the_threshold_is_infinite_and_scores_stay_as_they_are():
    assert upper_quantile(np.array([np.nan]), 0.95) == math.inf
    head = Nearest().build(None, SHAPES)
    head.fit(batches(1), 0)
    assert float(head.threshold) == math.inf
    outputs = head(make_maps(2, 3))
    assert [h.score for h in head.decode(outputs, (64, 64))] == pytest.approx(outputs[:, 0, 0].tolist())


def test_clusters_stay_in_one_fold_and_folds_are_of_like_size():
    clusters = np.repeat(np.arange(10), 3)
    fold = fold_numbers(30, 5, 0, clusters)
    assert all(len(set(fold[clusters == c])) == 1 for c in range(10))
    assert np.bincount(fold).tolist() == [6] * 5
    assert np.bincount(fold_numbers(7, 5, 0)).tolist() == [2, 2, 1, 1, 1]
    assert set(fold_numbers(3, 5, 0)) == {0, 1, 2}


def test_a_picture_is_scored_by_what_was_learned_from_the_others():
    known: set[float] = set()
    numbers = torch.arange(10.0)

    def some():
        yield from ([part[:, None, None, None]] for part in numbers.split(3))

    def learn(pictures):
        known.clear()
        known.update(v for batch in pictures for v in batch[0].flatten().tolist())

    def score(batch):
        return torch.tensor([float(v in known) for v in batch[0].flatten().tolist()])

    held = learn_and_hold_out(learn, score, some, 5, 0)
    assert held.tolist() == [0.0] * 10 and known == set(numbers.tolist())


def test_pictures_are_counted_once_and_chosen_of_every_batch():
    pictures = Pictures(batches(10))
    some = pictures.some(np.arange(10) % 4 == 0)
    assert (len(pictures), len(some)) == (10, 3)
    assert [len(batch[0]) for batch in some] == [1, 1, 1]
    torch.testing.assert_close(torch.cat([b[1] for b in some]), make_maps(10)[1][[0, 4, 8]])


# PatchCore


def test_the_coreset_is_the_greedy_k_centre_of_the_definition():
    rows = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    chosen = greedy_coreset(rows, 9, 3).tolist()
    wanted = [3]
    for _ in range(8):
        distances = [min(float((rows[i] - rows[j]).norm()) for j in wanted) for i in range(40)]
        wanted.append(int(np.argmax(distances)))
    assert chosen == wanted
    assert sorted(greedy_coreset(rows, 40, 0).tolist()) == list(range(40))


def test_the_score_is_equation_7_of_the_paper():
    draw = torch.Generator().manual_seed(0)
    memory, worst = torch.randn(30, 4, generator=draw), torch.randn(6, 4, generator=draw) * 2
    distance, nearest = nearest_remembered(worst, memory)
    weights = crowding_weights(worst, nearest, memory, 5)
    for i in range(6):
        to_all = (memory - worst[i]).norm(dim=1)
        star = int(to_all.argmin())
        around = (memory - memory[star]).norm(dim=1).argsort()[:5]
        wanted = 1 - math.exp(to_all[star]) / sum(math.exp(to_all[k]) for k in around)
        assert float(weights[i]) == pytest.approx(wanted, abs=1e-5)
        assert float(distance[i]) == pytest.approx(float(to_all[star]), abs=1e-5)


def test_one_neighbour_leaves_the_score_as_it_is():
    memory = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert crowding_weights(memory[:2] + 1, torch.tensor([0, 1]), memory, 1).tolist() == [1.0, 1.0]


def test_patchcore_is_the_brute_force_of_its_paper():
    head = PatchCore(coreset=1.0, most=10_000, candidates=10_000, neighbours=1, folds=2).build(None, SHAPES)
    head.fit(batches(5), 0)
    known, new = make_maps(5), make_maps(2, 9)

    def described(maps):
        fine = functional.avg_pool2d(maps[0], 3, 1, 1)
        coarse = functional.interpolate(functional.avg_pool2d(maps[1], 3, 1, 1), size=(8, 8), mode="bilinear")
        return torch.cat([fine, coarse], 1).flatten(2).transpose(1, 2)

    memory = described(known).flatten(0, 1)
    wanted = torch.cdist(described(new), memory[None]).amin(2).view(2, 8, 8)
    outputs = head(new)
    torch.testing.assert_close(outputs[:, 1:], wanted, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(outputs[:, 0, 0], wanted.flatten(1).amax(1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "options, kept", [({"coreset": 0.1}, 32), ({"most": 20}, 20), ({"candidates": 8, "coreset": 1.0}, 5)]
)
def test_the_memory_has_a_share_of_the_places_and_a_cap(options, kept):
    head = PatchCore(**options).build(None, SHAPES)
    head.fit(batches(5), 0)  # 5 pictures of 64 places
    assert len(head.memory) == kept


def test_every_picture_gives_as_many_places():
    rows, places = sampled_descriptors(Pictures(batches(10)), (0,), 1, 35, 0)
    assert rows.shape == (30, 6) and places == 640
    per_picture = [sum(bool((r == p).all(1).any()) for r in rows) for p in make_maps(10)[0].flatten(2).transpose(1, 2)]
    assert per_picture == [3] * 10


# PaDiM


def test_covariances_are_shrunk_as_scikit_learn_does():
    rows = torch.randn(9, 4, 12, generator=torch.Generator().manual_seed(0)).double()
    rows[:, 1] *= torch.arange(1.0, 13.0)
    rows = rows - rows.mean(0)
    found = shrunk_covariances(torch.einsum("bpi,bpj->pij", rows, rows), rows.square().sum(2).square().sum(0), 9)
    for k in range(4):
        wanted, _ = ledoit_wolf(rows[:, k].numpy(), assume_centered=True)
        np.testing.assert_allclose(found[k].numpy(), wanted, rtol=1e-10, atol=1e-12)


def test_padim_is_the_mahalanobis_distance_of_each_place():
    head = PaDiM(dims=7, sigma=0.0, folds=2).build(None, SHAPES)
    head.fit(batches(20), 0)
    known, new = (
        place_descriptors(m[:2])[:, head.channels].flatten(2).transpose(1, 2) for m in (make_maps(20), make_maps(2, 9))
    )
    for place in (0, 13, 63):
        rows = known[:, place].double().numpy()
        covariance, _ = ledoit_wolf(rows)
        apart = new[:, place].double().numpy() - rows.mean(0)
        wanted = np.sqrt(np.einsum("bi,ij,bj->b", apart, np.linalg.inv(covariance), apart))
        found = head(make_maps(2, 9))[:, 1:].flatten(1)[:, place].numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-3)
    assert head.channels.tolist() == sorted(set(head.channels.tolist())) and len(head.channels) == 7


def test_places_that_never_change_have_a_covariance_all_the_same():
    head = PaDiM(dims=6).build(None, SHAPES)
    flat = [torch.zeros(8, s.channels, 64 // s.stride, 64 // s.stride) for s in SHAPES]
    head.fit(lambda: iter([flat]), 0)
    outputs = head([one + 1 for one in flat])
    assert torch.isfinite(outputs).all() and (outputs > 0).all()


# nearest neighbours


def test_nearest_is_the_mean_distance_to_the_two_nearest_pictures():
    head = Nearest().build(None, SHAPES)
    head.fit(batches(12), 0)
    rows, new = (maps[2].mean((2, 3)).numpy() for maps in (make_maps(12), make_maps(3, 9)))
    wanted = [np.sort(np.linalg.norm(rows - one, axis=1))[:2].mean() for one in new]
    found = head.decode(head(make_maps(3, 9)), (64, 64))
    assert [h.score * float(head.threshold) for h in found] == pytest.approx(wanted, rel=1e-5)
    assert all(h.heat is None for h in found)


# what they share


def test_fine_maps_are_used_and_the_finest_where_all_are_coarse():
    assert chosen_maps(SHAPES) == (0, 1)
    assert chosen_maps([MapShape(3, 16)]) == (0,)
    assert chosen_maps([MapShape(3, 32), MapShape(3, 64)]) == (0,)


def test_smoothing_is_that_of_scipy():
    from scipy.ndimage import gaussian_filter

    maps = torch.rand(2, 30, 40, generator=torch.Generator().manual_seed(0))
    wanted = np.stack([gaussian_filter(one, 2.0, mode="mirror", truncate=4.0) for one in maps.numpy()])
    np.testing.assert_allclose(gaussian_smoothed(maps, 2.0).numpy(), wanted, atol=1e-5)
    assert gaussian_smoothed(maps, 0.0) is maps
    assert gaussian_smoothed(maps[:, :3, :3], 9.0).shape == (2, 3, 3)  # a kernel that is larger than the map


def test_predictions_are_in_units_of_the_threshold():
    outputs = packed_outputs(torch.tensor([3.0, 6.0]), torch.full((2, 4, 5), 1.5))
    found = heat_predictions(outputs, (10, 8), 3.0, 0.0)
    assert [h.score for h in found] == [1.0, 2.0]
    np.testing.assert_allclose(found[0].heat, np.full((8, 10), 0.5))
