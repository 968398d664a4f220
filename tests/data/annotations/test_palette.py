from __future__ import annotations

from itertools import combinations

import numpy as np

from jeoni.data.annotations.palette import DISTINCT, distinct_colours

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
DEUTAN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
PROTAN = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]


def oklab(linear):
    """Ottosson 2020."""
    cones = np.cbrt(np.clip(linear, 0, 1) @ np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]).T)  # fmt: skip
    return cones @ np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]).T  # fmt: skip


def test_any_two_colours_differ_to_every_eye_as_much_as_those_of_okabe_and_ito():
    values = np.array([list(bytes.fromhex(colour)) for colour in DISTINCT]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    for seen in (linear, linear @ np.array(DEUTAN).T, linear @ np.array(PROTAN).T):
        lab = oklab(seen)
        nearest = min(np.linalg.norm(lab[a] - lab[b]) for a, b in combinations(range(len(lab)), 2))
        assert nearest > 0.076


def test_many_classes_have_colours_too():
    assert len(distinct_colours(60)) == 60 and distinct_colours(60)[24] == distinct_colours(1)[0]
