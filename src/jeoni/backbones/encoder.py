"""Encoders of Hugging Face's transformers as stages: embeddings, each layer, pooling. None of their code is repeated.

A family knows best how its layers want to be called: masks, positions, biases that all layers share. So the model
itself always runs, and is cut from outside: above a cut it gets an input of zeros of the right length, its frozen
layers are replaced by stand-ins, and what comes out of the topmost of them is the cached activation. What a family
computes before its layers is a table look-up, and costs nothing. Whether that gives what the whole model gives is
tried for every cut (see :func:`jeoni.backbones.cut.cut`); a model that fails, because a layer hands things on to other
layers, is recomputed instead.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.packed import Packed, average, pack, unpack
from jeoni.backbones.stages import Stage
from jeoni.errors import WeightsError

__all__ = ["POOLINGS", "Encoder", "find_layers"]


def _first(packed: Tensor) -> Tensor:
    return packed[:, 0, :-1]


def _last(packed: Tensor) -> Tensor:
    hidden, mask = unpack(packed)
    at = (mask.sum(1, keepdim=True) - 1).clamp_min(0)
    places = torch.ones_like(mask, dtype=torch.long).cumsum(1) - 1
    # a sum of one place and zeros: openvino refuses to gather along an axis whose length is not known
    return hidden.masked_fill((places != at).unsqueeze(-1), 0.0).sum(1)


POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {"mean": average, "cls": _first, "last": _last}


def find_layers(model: Any) -> str:
    """The dotted name of the list of layers: the one with as many as the configuration says.

    Raises:
        WeightsError: there is none.
    """
    config = model.config
    count = getattr(config, "encoder_layers", None) or getattr(config, "num_hidden_layers", None)
    found = [n for n, m in model.named_modules() if isinstance(m, nn.ModuleList) and len(m) == count]
    if not found:
        raise WeightsError(f"{type(model).__name__} cannot be cut: no list of {count} layers was found in it.")
    return str(min(found, key=len))


class Encoder(Packed):
    """Token numbers ``(n, t)``, negative where a row is padded, to features ``(n, d)``.

    Args:
        model: of transformers, without a head.
        pooling: ``mean``, ``cls`` or ``last``.
    """

    def __init__(self, model: Any, pooling: str) -> None:
        super().__init__()
        self.model = model
        self.pooling = pooling
        self.entrance = nn.Identity()  # whoever watches it sees what the first layer is given
        self.enters = 0
        self._layers = find_layers(model)

    @property
    def layers(self) -> nn.ModuleList:
        """Of the model."""
        found = self.model.get_submodule(self._layers)
        assert isinstance(found, nn.ModuleList)
        return found

    def mask(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """``(n, t)`` bool: which places of an activation ``(n, t, c)`` are real."""
        return rows >= 0

    def forward(self, rows: Tensor) -> Tensor:
        """From the network's input, or above a cut the packed activation, to features."""
        return POOLINGS[self.pooling](self.states(rows))

    def states(self, rows: Tensor) -> Tensor:
        """What :meth:`forward` pools: the packed states of all places, ``(n, t, c + 1)``."""
        if self.enters:
            hidden, mask = unpack(rows)
            with self._fed(hidden):
                out = self.resumed(hidden, mask)
        else:
            with self._fed(None):
                out = self.started(rows)
            mask = self.mask(rows, out)
        return pack(out, mask)

    def started(self, rows: Tensor) -> Tensor:
        """The model from its first stage on: what its last one gives, ``(n, t, c)``."""
        tokens, real = rows.clamp_min(0).long(), (rows >= 0).long()
        out: Tensor = self.model(input_ids=tokens, attention_mask=real).last_hidden_state
        return out

    def resumed(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """The model with zeros for an input; its first layers, or stand-ins for them, see to the rest."""
        width = getattr(self.model.config, "embedding_size", None) or self.model.config.hidden_size
        nothing = hidden.new_zeros(*hidden.shape[:2], int(width))
        out: Tensor = self.model(inputs_embeds=nothing, attention_mask=mask.long()).last_hidden_state
        return out

    def tried(self) -> Tensor:
        """Something short to run it with, to see what runs when."""
        return torch.zeros(1, 3, dtype=torch.int32)

    @contextmanager
    def _fed(self, hidden: Tensor | None) -> Any:
        """Above a cut, the cached activation in the place of what the lower part would give."""

        def enter(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
            first = given[0] if given else named["hidden_states"]
            seen = self.entrance(hidden if self.enters == 1 else first)
            return ((seen, *given[1:]), named) if given else (given, {**named, "hidden_states": seen})

        handle = self.layers[0].register_forward_pre_hook(enter, with_kwargs=True)
        if self.enters > 1:
            below: Any = self.layers[self.enters - 2]
            below.given = hidden
        try:
            yield
        finally:
            handle.remove()

    def stages(self) -> tuple[Stage, ...]:
        """``embeddings``, ``layer 1`` …, ``pool``."""
        prefix = f"model.{self._layers}."
        names = [n for n, _ in self.named_parameters()] + [n for n, _ in self.named_buffers()]
        layer_of = {n: int(n.removeprefix(prefix).split(".")[0]) for n in names if n.startswith(prefix)}
        after = self._after()
        rest = [n for n in names if n not in layer_of]
        top = tuple(n for n in rest if n.rpartition(".")[0] in after)
        stem = Stage("embeddings", tuple(n for n in rest if n not in top), ("entrance",))
        layers = [
            Stage(f"layer {k + 1}", tuple(n for n in names if layer_of.get(n) == k), (f"{prefix}{k}",))
            for k in range(len(self.layers))
        ]
        return (stem, *layers, Stage("pool", top, ()))

    def _after(self) -> set[str]:
        """Modules that run when the last layer is done."""
        order: list[str] = []
        handles = [
            m.register_forward_hook(lambda module, given, out, name=n: order.append(name))
            for n, m in self.named_modules()
            if n
        ]
        with torch.inference_mode():
            self(self.tried())
        for handle in handles:
            handle.remove()
        last = f"model.{self._layers}.{len(self.layers) - 1}"
        around = {n for n in order if last.startswith(f"{n}.")}
        return set(order[order.index(last) + 1 :]) - set(order[: order.index(last) + 1]) - around

    def _several(self) -> int:
        """How many things a layer gives; 0 where it is one tensor."""
        found: list[Any] = []
        handle = self.layers[0].register_forward_hook(lambda module, given, out: found.append(out))
        with torch.inference_mode():
            self(self.tried())
        handle.remove()
        return len(found[0]) if isinstance(found[0], tuple) else 0

    def packed(self, value: Any, rows: Tensor) -> Tensor:
        """See :class:`Packed`."""
        hidden = value[0] if isinstance(value, tuple) else value
        return pack(hidden, self.mask(rows, hidden))

    def above(self, frozen: int) -> Encoder:
        """See :class:`Packed`. What the model computes before its layers is kept, but for its table of tokens."""
        several = self._several()
        memo: dict[int, Any] = {id(layer): _StandIn(layer, several) for layer in self.layers[: frozen - 1]}
        table = self.table()
        if isinstance(table, nn.Embedding):
            memo[id(table)] = nn.Identity()
        made = copy.deepcopy(self, memo)
        made.enters = frozen
        return made

    def table(self) -> nn.Module | None:
        """The table of tokens, which is not needed above a cut."""
        found: nn.Module = self.model.get_input_embeddings()
        return found

    def shortened(self, reuse: int) -> Encoder:
        """See :class:`Packed`. What ran after the last layer is dropped too."""
        after = {id(self.get_submodule(n)): nn.Identity() for n in self._after()}
        made: Encoder = copy.deepcopy(self, dict(after))
        del made.layers[reuse - 1 :]
        made.pooling = "mean" if self.pooling == "cls" else self.pooling
        return made


class _StandIn(nn.Module):
    """Stands where a frozen layer stood, and gives what it is told to give, in that layer's manner."""

    given: Tensor | None

    def __init__(self, layer: nn.Module, several: int) -> None:
        super().__init__()
        for name, value in vars(layer).items():  # a model may ask a layer of which kind it is
            if isinstance(value, (bool, int, float, str)) and not name.startswith("_") and name != "training":
                setattr(self, name, value)
        self.given = None
        self.several = several

    def forward(self, *values: Any, **named: Any) -> Any:
        hidden = self.given if self.given is not None else (values[0] if values else named["hidden_states"])
        self.given = None
        return (hidden, *[None] * (self.several - 1)) if self.several else hidden
