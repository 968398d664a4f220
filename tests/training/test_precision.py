"""In what a training computes where nobody says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from jeoni.training import precision
from jeoni.training.loop import train
from jeoni.training.precision import plain_attention, precision_for
from tests.training.test_forward import make_job


@pytest.mark.parametrize("quick", [True, False])
def test_bfloat16_is_for_gpus_and_for_long_trainings_of_tokens_where_it_is_quick(monkeypatch, quick):
    monkeypatch.setattr(precision.distributed, "device", lambda: torch.device("cpu"))
    monkeypatch.setattr(precision, "quick_bfloat16", lambda: quick)
    tokens, pixels = (SimpleNamespace(input=SimpleNamespace(ragged=r)) for r in (True, False))
    assert precision_for(tokens, long=True) == ("bfloat16" if quick else "float32")
    assert precision_for(tokens) == precision_for(pixels, long=True) == "float32"
    monkeypatch.setattr(precision.distributed, "device", lambda: torch.device("cuda"))
    assert precision_for(tokens) == precision_for(pixels) == ("bfloat16" if quick else "float32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="the fused kernel of GPUs is fast")
@pytest.mark.parametrize(("kind", "taken"), [("bfloat16", "eager"), ("float32", "sdpa")])
def test_attention_is_multiplied_out_while_training_in_bfloat16_only(kind, taken):
    job = make_job(precision=kind)
    encoder = job.network[0].model
    seen: set[str] = set()
    encoder.encoder.layer[1].register_forward_hook(lambda m, *_: seen.add(m.attention.self.config._attn_implementation))
    assert encoder.config._attn_implementation == "sdpa"
    train(job)
    assert seen == {taken} and encoder.config._attn_implementation == "sdpa"


def test_attention_is_as_before_after_a_failure_and_gives_the_same():
    network, rows = make_job().network.eval(), torch.arange(24).reshape(2, 12)
    with torch.no_grad():
        before = network(rows)
        with pytest.raises(KeyboardInterrupt), plain_attention(network, "bfloat16", torch.device("cpu")):
            assert network[0].model.config._attn_implementation == "eager"
            torch.testing.assert_close(network(rows), before, rtol=1e-4, atol=1e-5)
            raise KeyboardInterrupt
    assert network[0].model.config._attn_implementation == "sdpa"
    with plain_attention(torch.nn.Linear(2, 2), "bfloat16", torch.device("cpu")):
        pass
