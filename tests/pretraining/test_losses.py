"""The losses against closed forms: VICReg's terms, SIGReg's statistic, RankMe, the game of a DCGAN."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from jeoni.backbones.convolutional_gan import Discriminator, Generator
from jeoni.pretraining.dcgan import Players, _fake, _real
from jeoni.pretraining.learning.collapse import effective_rank, rank_me, spread_of
from jeoni.pretraining.lejepa import LeJEPA, epps_pulley
from jeoni.pretraining.vicreg import VICReg


def rows(seed, n=32, k=5):
    return torch.randn(n, k, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_vicreg_is_zero_where_views_agree_and_columns_are_uncorrelated_with_deviation_above_one():
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(40, 6)) - 0.0)
    q = q - q.mean(0)
    q, _ = np.linalg.qr(q)  # orthonormal columns, each of mean 0
    z = torch.from_numpy(q * math.sqrt(39) * 1.5)
    terms = VICReg().terms(z, z)
    assert all(float(value) == pytest.approx(0.0, abs=1e-9) for value in terms.values())


def test_vicreg_is_what_numpy_makes_of_its_formula():
    one, other = rows(0) * 0.5, rows(1) * 0.5
    terms = {name: float(value) for name, value in VICReg().terms(one, other).items()}
    a, b = one.numpy(), other.numpy()
    deviations = [np.sqrt(np.var(z, axis=0, ddof=1) + 1e-4) for z in (a, b)]
    hinge = np.mean([np.maximum(0, 1 - d).mean() for d in deviations])
    covariances = [np.cov(z, rowvar=False) for z in (a, b)]
    off = sum((c**2).sum() - (np.diag(c) ** 2).sum() for c in covariances) / 5
    assert terms["invariance"] == pytest.approx(25 * ((a - b) ** 2).mean())
    assert terms["variance"] == pytest.approx(25 * hinge)
    assert terms["covariance"] == pytest.approx(off)


def test_vicreg_does_not_mind_the_order_of_examples_nor_which_view_is_first():
    one, other = rows(0), rows(1)
    order = torch.randperm(32, generator=torch.Generator().manual_seed(0))
    found = [sum(VICReg().terms(*pair).values()) for pair in ((one, other), (other, one), (one[order], other[order]))]
    assert float(found[0]) == pytest.approx(float(found[1])) == pytest.approx(float(found[2]))


def closed_form(x):
    """The integral of ``|φ(t) - exp(-t²/2)|² exp(-t²/2)`` over all t, times n (Baringhaus & Henze 1988)."""
    n = len(x)
    pairs = np.exp(-((x[:, None] - x[None]) ** 2) / 2).sum() / n
    singles = 2 * np.exp(-(x**2) / 4).sum() / math.sqrt(2)
    return math.sqrt(2 * math.pi) * (pairs - singles + n / math.sqrt(3))


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_epps_pulley_is_its_closed_form(shift):
    x = rows(3, 50, 1)[:, 0].numpy() + shift
    fine = float(epps_pulley(torch.from_numpy(x)[:, None], knots=4001, span=12.0))
    assert fine == pytest.approx(closed_form(x), rel=1e-4)
    coarse = float(epps_pulley(torch.from_numpy(x)[:, None]))
    assert coarse == pytest.approx(closed_form(x), rel=0.05)


def test_sigreg_is_small_for_a_gaussian_and_large_for_what_has_collapsed():
    torch.manual_seed(0)
    normal, flat = rows(4, 256, 8), torch.zeros(256, 8, dtype=torch.float64)
    method = LeJEPA()
    assert float(method.terms(normal.float(), normal.float())["sigreg"]) < 0.1 * float(
        method.terms(flat.float(), flat.float())["sigreg"]
    )
    assert float(method.terms(normal.float(), normal.float())["prediction"]) == 0.0


def test_ranks_count_directions_whatever_the_scale():
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(30, 7)))
    assert rank_me(q) == pytest.approx(7, rel=1e-6) == rank_me(100 * q)
    z = np.random.default_rng(1).normal(size=(400, 3)) @ np.random.default_rng(2).normal(size=(3, 12))
    assert effective_rank(z) == pytest.approx(effective_rank(z + 50), rel=1e-6) and effective_rank(z) < 3.0001
    assert rank_me(z + 50) < effective_rank(z + 50)  # one large common direction hides the others
    flat = spread_of(np.ones((20, 4)))
    assert (flat.rank_me, flat.effective_rank, flat.deviation) == (pytest.approx(1), 1.0, 0.0)


def test_a_discriminator_that_knows_nothing_loses_two_logarithms_of_two():
    logits = torch.zeros(8)
    assert float(_real(logits) + _fake(logits)) == pytest.approx(2 * math.log(2))
    assert float(_real(torch.full((8,), 30.0)) + _fake(torch.full((8,), -30.0))) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("side, features", [(32, 16 * 4 * 4 * 4 // 4), (64, 32 * 16)])
def test_the_networks_of_a_gan_fit_each_other(side, features):
    discriminator, generator = Discriminator(side, 4), Generator(side, 4, 10)
    images = generator(torch.randn(2, 10))
    assert images.shape == (2, 3, side, side) and float(images.detach().abs().max()) <= 1
    assert discriminator.dim == features == discriminator(images).shape[1]
    assert Players(discriminator.dim, generator)(discriminator(images)).shape == (2,)
    # as in the paper: no normalisation of the first layer
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in discriminator.stem)
