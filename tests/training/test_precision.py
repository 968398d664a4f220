"""In what a training computes where nobody says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jeoni.training import precision
from jeoni.training.precision import precision_for


@pytest.mark.parametrize("quick", [True, False])
def test_bfloat16_is_for_networks_of_tokens_on_processors_that_have_it(monkeypatch, quick):
    monkeypatch.setattr(precision, "quick_bfloat16", lambda: quick)
    tokens, pixels = (SimpleNamespace(input=SimpleNamespace(ragged=r)) for r in (True, False))
    assert precision_for(tokens) == ("bfloat16" if quick else "float32")
    assert precision_for(pixels) == "float32"
