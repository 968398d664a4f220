"""A small table of tokens while training: the same weights as the whole one gives, the same checkpoints to go on from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from jeoni.backbones.encoder import Encoder
from jeoni.libraries import import_transformers
from jeoni.specs import Recipe
from jeoni.training import vocabulary
from jeoni.training.defaults import resolve_defaults
from jeoni.training.groups import Group
from jeoni.training.job import Held, Job
from jeoni.training.loop import train
from jeoni.training.rows import ArrayRows
from jeoni.training.vocabulary import only_tokens_of
from tests.made_tasks import class_loss

TOKENS = 400


def make_rows(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.choice(np.arange(5, TOKENS, 11), size=(n, 6)).astype(np.int32)
    rows[::3, 4:] = np.iinfo(np.int32).min
    return rows


def make_network(family: str = "Bert", **changes) -> nn.Sequential:
    transformers = import_transformers()
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(
        vocab_size=TOKENS, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=24, pad_token_id=1, **changes,
    )  # fmt: skip
    model = getattr(transformers, f"{family}Model")(config, add_pooling_layer=False)
    return nn.Sequential(Encoder(model, "mean"), nn.Linear(16, 2))


def table(network: nn.Sequential) -> nn.Embedding:
    return network[0].table()


def make_job(network: nn.Sequential | None = None, **changes) -> Job:
    network, rows = network or make_network(), make_rows(48, 0)
    labels = np.arange(48, dtype=np.int64) % 2
    held = Held(ArrayRows(make_rows(20, 1)), lambda logits: -float(np.square(logits).mean()))
    recipe = replace(resolve_defaults(Recipe(steps=12, batch_size=16), {}, 48), **changes)
    named = dict(network.named_parameters())
    flat = {n: p for n, p in named.items() if p.ndim < 2}
    groups = [
        Group("matrices", {n: p for n, p in named.items() if n not in flat}, 3e-2, 0.3, starts=2),
        Group("vectors", flat, 3e-2, 0.0),
    ]
    return Job("test", network, groups, ArrayRows(rows), labels, class_loss(labels, recipe), recipe, held=held)


@pytest.mark.parametrize("changes", [{}, {"ema": 0.8}, {"patience": 2}])
def test_the_weights_are_those_of_training_the_whole_table(monkeypatch, changes):
    small, whole = make_job(**changes), make_job(**changes)
    start = table(small.network).weight.detach().clone()
    shapes: list[torch.Size] = []
    table(small.network).register_forward_hook(lambda m, given, out: shapes.append(m.weight.shape))
    train(small)
    seen = np.unique(np.maximum(np.r_[make_rows(48, 0), make_rows(20, 1)], 0))
    assert {s[0] for s in shapes} == {len(np.union1d(seen, [1])) + 1}  # the padding stays, and one stands for the rest
    monkeypatch.setattr(vocabulary, "WORTH", 0.0)
    train(whole)
    for (name, a), b in zip(small.network.state_dict().items(), whole.network.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4, msg=name)
    end = table(small.network).weight.detach().cpu()
    assert end.shape == start.shape and table(small.network).padding_idx == 1
    assert not torch.equal(end[7], start[7])  # no text has it: only decayed
    torch.testing.assert_close(end[7] / start[7], (end[7] / start[7])[:1].expand(16), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("family", "changes"),
    [("Longformer", {"attention_window": 8}), ("XLMRoberta", {}), ("MPNet", {})],
    ids=["fills up by itself", "numbers places by the padding", "relative places"],
)
def test_tokens_a_model_puts_in_or_counts_by_are_there(monkeypatch, family, changes):
    found = []
    for worth in (0.5, 0.0):
        monkeypatch.setattr(vocabulary, "WORTH", worth)
        job = make_job(make_network(family, **changes), steps=4)
        train(job)
        found.append(job.network.state_dict())
    for (name, a), b in zip(found[0].items(), found[1].values(), strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4, msg=name)


def test_a_training_that_was_stopped_goes_on(tmp_path, monkeypatch):
    whole, halted, resumed = make_job(), make_job(), make_job()
    train(whole)

    asked, usual = [], halted.rows.batch

    def batch(index, epoch):
        asked.append(index)
        if sum(len(i) == 16 for i in asked) > 6:
            raise KeyboardInterrupt
        return usual(index, epoch)

    monkeypatch.setattr(halted.rows, "batch", batch)
    with pytest.raises(KeyboardInterrupt):
        train(halted, tmp_path)
    assert table(halted.network).weight.shape == (TOKENS, 16)
    (file,) = tmp_path.glob("*.safetensors")
    assert file.stat().st_size < 0.9 * 3 * 4 * sum(p.numel() for p in whole.network.parameters())
    history = train(resumed, tmp_path)
    assert history.examples == 12 * 16 and history.earlier_s > 0
    for a, b in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_what_does_not_pay_or_does_not_move_stays_whole(monkeypatch):
    network = make_network()
    rows = ArrayRows(make_rows(10, 0))
    weight = table(network).weight
    with only_tokens_of([rows], network, []):
        assert weight.shape == (TOKENS, 16)
    with only_tokens_of([ArrayRows(np.arange(TOKENS, dtype=np.int32)[None])], network, [weight]):
        assert weight.shape == (TOKENS, 16)
    with only_tokens_of([rows], network, [weight]):
        assert len(weight) < TOKENS / 5
        with pytest.raises(IndexError):  # better than another token's row
            network(torch.tensor([[6, 7]], dtype=torch.int32))
    changing = ArrayRows(make_rows(10, 0))
    monkeypatch.setattr(ArrayRows, "constant", False)  # as with random views: what comes up is not known beforehand
    with only_tokens_of([changing], network, [weight]):
        assert weight.shape == (TOKENS, 16)
    monkeypatch.undo()
    tied = nn.ModuleList([network, nn.Linear(16, TOKENS, bias=False)])
    tied[1].weight = weight
    with only_tokens_of([rows], tied, [weight]):
        assert weight.shape == (TOKENS, 16)
