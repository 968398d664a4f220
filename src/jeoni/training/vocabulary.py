"""While training, a table of tokens holds only those that come up: of 250,000 a few hundred texts use a few thousand.

A row that no text asks for has no gradient, so AdamW only decays it, and all such rows alike. One row of ones that
nobody asks for stands for them: whatever factor training leaves it with (decay, moving average, the best moment), they
get in the end. So the result is that of training the whole table, at a fraction of its time and memory. (A table that
is pulled towards its start does not decay here; with both at once, no single factor would do.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.backbones.encoder import Encoder
from jeoni.training.rows import Rows
from jeoni.types import IntArray

__all__ = ["only_tokens_of"]

WORTH = 0.5  # share of a table that may come up
BLOCK = 1024


@contextmanager
def only_tokens_of(rows: Collection[Rows], network: nn.Module, trained: Collection[nn.Parameter]) -> Iterator[None]:
    """Inside, trained tables of tokens are as small as ``rows`` allow; afterwards they are whole again.

    Args:
        rows: all that the network will see meanwhile.
        network: with encoders in it, or none.
        trained: parameters that are; tables that are not stay whole, for they cost nothing.
    """
    moving = {id(p) for p in trained}
    encoders = [
        (module, table)
        for module in network.modules()
        if isinstance(module, Encoder) and isinstance(table := module.table(), nn.Embedding)
        if id(table.weight) in moving and _alone(table, network)
    ]
    with ExitStack() as stack:
        if encoders and all(r.constant for r in rows):
            seen = np.unique(np.concatenate([_tokens(r) for r in rows]))
            for encoder, table in encoders:
                used = np.union1d(seen, _own_tokens(encoder, table))
                if len(used) <= WORTH * table.num_embeddings:
                    stack.enter_context(_small(table, torch.from_numpy(used)))
        yield


def _alone(table: nn.Embedding, network: nn.Module) -> bool:
    """Whether no other module uses the table's weights."""
    users = [m for m in network.modules() for p in m.parameters(recurse=False) if p is table.weight]
    return len(users) == 1


def _own_tokens(encoder: Encoder, table: nn.Embedding) -> IntArray:
    """Those a model may put in by itself: Longformer, for one, pads to a multiple of its window."""
    named = [v for k, v in encoder.model.config.to_dict().items() if k.endswith("token_id")]
    flat = [t for v in (*named, table.padding_idx) for t in (v if isinstance(v, list) else [v])]
    return np.array([t for t in flat if isinstance(t, int) and 0 <= t < table.num_embeddings], dtype=np.int64)


def _tokens(rows: Rows) -> IntArray:
    """Tokens that come up, ascending; where a row is padded, networks see the first one."""
    found = [np.zeros(1, dtype=np.int64)]
    for start in range(0, len(rows), BLOCK):
        index = np.arange(start, min(start + BLOCK, len(rows)))
        found.append(np.unique(np.maximum(rows.batch(index, np.zeros_like(index)), 0)).astype(np.int64))
    return np.unique(np.concatenate(found))


@contextmanager
def _small(table: nn.Embedding, used: Tensor) -> Iterator[None]:
    weight, whole, padding = table.weight, table.weight.data, table.padding_idx
    places = torch.full((table.num_embeddings,), -1)  # of a token that was not to come up: an error, not another token
    places[used] = torch.arange(len(used))
    on_device = {places.device: places}

    def renumber(module: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
        (tokens,) = given
        if tokens.device not in on_device:
            on_device[tokens.device] = places.to(tokens.device)
        return (on_device[tokens.device][tokens],)

    small = torch.cat([whole[used.to(whole.device)], whole.new_ones(1, whole.shape[1])])
    handle = table.register_forward_pre_hook(renumber)
    try:
        weight.data = small
        table.padding_idx = None if padding is None else int(places[padding])
        yield
    finally:
        handle.remove()
        small, weight.grad = weight.data, None
        whole = whole.to(small.device).mul_(small[-1, 0])
        whole[used.to(small.device)] = small[:-1]
        weight.data, table.padding_idx = whole, padding
