"""The cut: a network's lower stages, run once and never again, and its upper stages, fed with what those gave."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.entry import entry, example, rows_like
from jeoni.backbones.packed import Packed, average
from jeoni.backbones.stages import POSITIONS, watching
from jeoni.backbones.weights import fingerprint
from jeoni.errors import ConfigError
from jeoni.modalities.inputs import Input

__all__ = ["Cut", "Tap", "Taps", "cut", "kept_as", "merge", "shorten", "whole", "with_state"]


@dataclass(frozen=True)
class Tap:
    """Where to take something out.

    Attributes:
        stage: how many stages have run, 0 … n; 0 is the example itself, n the network's output.
        pooled: averaged over positions, ``(n, c)``, or the whole activation.
    """

    stage: int
    pooled: bool


@dataclass(frozen=True)
class Cut:
    """Two modules that, one after the other, are the network.

    Attributes:
        frozen: stages in ``lower``.
        lower: what the network takes to the activation at the boundary.
        upper: that activation to features ``(n, d)``; holds no parameter of the lower stages.
        tap: what to keep of every example, so that nothing below is ever run again.
        apart: False where the network cannot be run in two: then ``lower`` does nothing, and ``upper`` takes what the
            network takes and recomputes the lower stages without gradients.
        note: why, for people.
    """

    frozen: int
    lower: nn.Module
    upper: nn.Module
    tap: Tap
    apart: bool = True
    note: str = ""

    def from_rows(self, spec: Input) -> nn.Module:
        """A module from the rows kept at :attr:`tap`, of examples that ``spec`` describes, to features ``(n, d)``."""
        return entry(self.upper, spec) if self.tap.stage == 0 else self.upper

    @property
    def prefix(self) -> str:
        """The prefix of the network's own parameter names in :meth:`from_rows`."""
        return ("module." if self.tap.stage == 0 else "") + self.inner

    @property
    def inner(self) -> str:
        """Their prefix in :attr:`upper`."""
        return "" if self.apart else "network."


class _Reached(Exception):  # noqa: N818 - not an error: it stops a forward pass that has given all that is wanted
    pass


class Taps(nn.Module):
    """From the network's input to a tuple with one tensor per tap, in one pass that stops after the last tap."""

    def __init__(self, backbone: Backbone, taps: Sequence[Tap]) -> None:
        super().__init__()
        self.network = backbone.network
        self.taps = tuple(taps)
        self._channels_last = getattr(backbone.network, "output_fmt", "NCHW") == "NHWC"
        self._whole = backbone.n
        self._points = {t.stage: boundary(backbone, t.stage) for t in taps if t.stage < backbone.n}

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Such as ``(n, 3, size, size)`` float to one tensor per tap."""
        found: dict[str, Tensor] = {}
        wanted = set(self._points.values())
        output: Tensor | None = None

        def seen(name: str, value: Any) -> None:
            found[name] = value
            if wanted <= found.keys() and all(t.stage < self._whole for t in self.taps):
                raise _Reached

        with watching(self.network, wanted, seen):
            try:
                output = self.network(images)
            except _Reached:
                output = None
        return tuple(self._take(t, output, found, images) for t in self.taps)

    def _take(self, tap: Tap, output: Tensor | None, found: dict[str, Tensor], given: Tensor) -> Tensor:
        if tap.stage == self._whole:
            assert output is not None
            return output
        value = found[self._points[tap.stage]]
        if isinstance(self.network, Packed):
            packed = self.network.packed(value, given)
            return average(packed) if tap.pooled else packed
        return pool(value, self._channels_last) if tap.pooled else value


def kept_as(backbone: Backbone, tap: Tap) -> tuple[Tap, ...]:
    """The taps whose rows, side by side, are those of ``tap``: several for features of several stages."""
    several = backbone.beside and tap == Tap(backbone.n, True)
    return tuple(Tap(stage, True) for stage in backbone.beside) if several else (tap,)


class SideBySide(nn.Module):
    """From the network's input to ``(n, d)``: the averages of the stages :attr:`.Backbone.beside`, lowest first."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.taps = Taps(backbone, kept_as(backbone, Tap(backbone.n, True)))

    def forward(self, given: Tensor) -> Tensor:
        """Such as images ``(n, 3, size, size)`` to features."""
        return torch.cat(self.taps(given), 1)


def pool(value: Tensor | Sequence[Tensor], channels_last: bool) -> Tensor:
    """Mean over positions: of ``(n, c, h, w)``, ``(n, h, w, c)`` or tokens ``(n, t, c)``; of several, side by side."""
    if not isinstance(value, Tensor):
        return torch.cat([pool(v, channels_last) for v in value], 1)
    if value.ndim == 4:
        return value.mean((1, 2) if channels_last else (2, 3))
    return value.mean(1) if value.ndim == 3 else value.flatten(1)


def boundary(backbone: Backbone, stage: int) -> str:
    """The module, or method, that gives the activation when ``stage`` stages have run."""
    for below in reversed(backbone.stages[:stage]):
        if below.modules:
            return below.modules[-1]
    raise ConfigError(f"{backbone.name} has no boundary after stage {stage}.")


def cut(backbone: Backbone, frozen: int) -> Cut:
    """Cut after ``frozen`` stages; trusted only after both parts together gave what the whole gives.

    Args:
        backbone: the network.
        frozen: 0 (all is upper) … n (all is lower).

    Raises:
        ConfigError: no such number of stages.
    """
    if not 0 <= frozen <= backbone.n:
        raise ConfigError(f"{backbone.name} has {backbone.n} stages; {frozen} of them cannot be frozen.")
    if frozen == backbone.n:
        return Cut(frozen, whole(backbone), nn.Identity(), Tap(frozen, True))
    if backbone.beside:
        note = f"{backbone.name} has features of several stages: its lower part is recomputed."
        return Cut(frozen, nn.Identity(), _Recomputing(backbone, frozen), Tap(0, False), apart=False, note=note)
    if frozen == 0:
        return Cut(0, nn.Identity(), copy.deepcopy(backbone.network).eval(), Tap(0, False))
    made = Cut(frozen, _Lower(backbone, frozen), _upper(backbone, frozen), Tap(frozen, False))
    if _exact(backbone, made):
        return made
    note = (
        f"{backbone.name} cannot be run apart after {backbone.stages[frozen - 1].name}: its lower part is recomputed."
    )
    return Cut(frozen, nn.Identity(), _Recomputing(backbone, frozen), Tap(0, False), apart=False, note=note)


def whole(backbone: Backbone) -> nn.Module:
    """From the network's input to the backbone's features ``(n, dim)``."""
    return SideBySide(backbone) if backbone.beside else backbone.network


def merge(backbone: Backbone, made: Cut) -> Backbone:
    """The whole network again, its upper stages as they are in ``made`` now; ``backbone`` is left alone."""
    upper = made.upper.network if isinstance(made.upper, _Recomputing) else made.upper
    return with_state(backbone, upper.state_dict())


def with_state(backbone: Backbone, state: Mapping[str, Tensor]) -> Backbone:
    """The backbone with some of its tensors replaced; ``backbone`` is left alone.

    Args:
        backbone: the whole network.
        state: tensors by their names in it, such as those of its upper stages.
    """
    network = copy.deepcopy(backbone.network)
    unknown = state.keys() - network.state_dict().keys()
    assert not unknown, f"the upper part holds what the network does not: {unknown}"
    network.load_state_dict({**network.state_dict(), **state})
    network = network.eval().requires_grad_(False)
    return replace(backbone, network=network, fingerprint=fingerprint(network.state_dict()))


def shorten(backbone: Backbone, reuse: int) -> Backbone:
    """A smaller network B out of A: the lower ``reuse`` stages, then an average over positions; the rest is dropped.

    Yosinski et al. 2014, "How transferable are features in deep neural networks?"

    Raises:
        ConfigError: no such number of stages, or none left.
    """
    if not 1 <= reuse <= backbone.n:
        raise ConfigError(
            f"{backbone.name} has {backbone.n} stages; {reuse} of them cannot be re-used (1 … {backbone.n})."
        )
    if reuse == backbone.n:
        return backbone
    dropped = backbone.stages[reuse:]
    if isinstance(backbone.network, Packed):
        network: Any = backbone.network.shortened(reuse).eval().requires_grad_(False)
    else:
        network = _without(backbone, reuse)
    with torch.inference_mode():
        dim = network(example(backbone.input, 1)).shape[1]
    return replace(
        backbone,
        network=network,
        stages=backbone.stages[:reuse],
        dim=dim,
        fingerprint=fingerprint(network.state_dict()),
        dropped=backbone.dropped + len(dropped),
    )


def _without(backbone: Backbone, reuse: int) -> nn.Module:
    """The lower ``reuse`` stages of a network that does not know how to be shortened."""
    end, dropped = boundary(backbone, reuse), backbone.stages[reuse:]
    modules = dict(backbone.network.named_modules())
    memo: dict[int, Any] = {id(modules[m]): _PassThrough() for s in dropped for m in s.modules if m != POSITIONS}
    memo |= {id(getattr(backbone.network, p)): None for s in dropped for p in s.parameters if "." not in p}
    network: Any = copy.deepcopy(backbone.network, memo)
    network.__class__ = _shortened(type(network))
    network.ends_with = end
    made: nn.Module = network.eval()
    return made


def _shortened(kind: type[nn.Module]) -> type[nn.Module]:
    """A kind of network that stops where its attribute ``ends_with`` says; names of parts stay what they were."""

    def forward(self: Any, images: Tensor) -> Tensor:
        found: list[Tensor] = []

        def seen(name: str, value: Any) -> None:
            found.append(value)
            raise _Reached

        try:
            with watching(self, {self.ends_with}, seen):
                kind.forward(self, images)
        except _Reached:
            if not found:  # somebody who watches from outside has what he wants
                raise
        return pool(found[0], getattr(self, "output_fmt", "NCHW") == "NHWC")

    return type(f"Shortened{kind.__name__}", (kind,), {"forward": forward, "__module__": __name__})


class _Lower(nn.Module):
    def __init__(self, backbone: Backbone, frozen: int) -> None:
        super().__init__()
        self.taps = Taps(backbone, (Tap(frozen, False),))

    def forward(self, images: Tensor) -> Tensor:
        activation: Tensor = self.taps(images)[0]
        return activation


class _PassThrough(nn.Module):
    """Stands where a lower stage's module stood."""

    def forward(self, value: Any, *others: Any, **named: Any) -> Any:
        return value


def _upper(backbone: Backbone, frozen: int) -> nn.Module:
    """A copy without the lower stages: what they hold is never copied."""
    if isinstance(backbone.network, Packed):
        return backbone.network.above(frozen).eval()
    below = backbone.stages[:frozen]
    network = backbone.network
    modules = dict(network.named_modules())
    memo: dict[int, Any] = {}
    for name in (m for stage in below for m in stage.modules if m != POSITIONS):
        memo[id(modules[name])] = _PassThrough()
    for name in (p for stage in below for p in stage.parameters if "." not in p):
        memo[id(getattr(network, name))] = None
    upper: nn.Module = copy.deepcopy(network, memo)
    if any(POSITIONS in stage.modules for stage in below):
        object.__setattr__(upper, POSITIONS, _same)
    return upper.eval()


def _same(value: Any, *others: Any) -> Any:
    return value


class _Recomputing(nn.Module):
    """The whole network, its lower stages without gradients and in eval mode."""

    def __init__(self, backbone: Backbone, frozen: int) -> None:
        super().__init__()
        self.network = copy.deepcopy(backbone.network)
        self._above = [m for s in backbone.stages[frozen:] for m in s.modules if m != POSITIONS]
        self._held = {p for stage in backbone.stages[:frozen] for p in stage.parameters}
        features = whole(replace(backbone, network=self.network))
        object.__setattr__(self, "_features", features)  # it holds the network, whose parameters keep their names
        self.requires_grad_(True).eval()

    def requires_grad_(self, requires_grad: bool = True) -> _Recomputing:
        """Of the upper stages: the lower ones stay frozen, whatever is asked of the whole."""
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(requires_grad and name not in self._held)
        return self

    def train(self, mode: bool = True) -> _Recomputing:
        """Of the upper stages' modules: whatever else there is, such as dropout before the first stage, is below."""
        super().train(False)
        self.training = mode
        modules = dict(self.network.named_modules())
        for name in self._above:
            modules[name].train(mode)
        return self

    def forward(self, images: Tensor) -> Any:
        features: Any = self._features
        return features(images)


def _exact(backbone: Backbone, made: Cut) -> bool:
    """Of two made-up examples: of sequences one is shorter, and padded above the cut if not below."""
    rows = rows_like(backbone.input, 2)
    with torch.inference_mode():
        try:
            whole, activation = (entry(part, backbone.input)(rows) for part in (backbone.network, made.lower))
            if not isinstance(activation, Tensor):
                return False
            parts = made.upper(activation)
        except Exception:  # whatever a network does when it is fed half-way, it is not to be trusted
            return False
        # features can all be tiny: what is near enough follows their size
        near = 1e-5 * min(1.0, float(whole.abs().max()))
        return whole.shape == parts.shape and torch.allclose(whole, parts, rtol=1e-4, atol=near)
