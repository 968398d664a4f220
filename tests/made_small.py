"""What spares tests work that is not their point: smaller inputs of a network, charts that were drawn before."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jeoni.report import drawn


class Charts(dict[bytes, bytes]):
    """By what they show, for all tests of a process."""

    def find(self, identity: bytes) -> bytes | None:
        return self.get(identity)

    def keep(self, identity: bytes, content: bytes) -> None:
        self[identity] = content


CHARTS = Charts()


@contextmanager
def charts_kept() -> Iterator[None]:
    """A chart that some test drew is not drawn again, neither by a run, which has a cache of its own, nor outside one."""
    packed = drawn._packed

    def once(draw: Callable[..., str], arguments: dict[str, Any]) -> bytes:
        identity = drawn._identity(draw, arguments)
        if identity not in CHARTS:
            CHARTS[identity] = packed(draw, arguments)
        return CHARTS[identity]

    with pytest.MonkeyPatch.context() as patch, drawn.keeping(CHARTS):
        patch.setattr(drawn, "_packed", once)
        yield


@contextmanager
def smaller_inputs(architecture: str, side: int) -> Iterator[None]:
    """An architecture of timm takes pictures of ``side`` pixels, whatever its configuration says."""
    from jeoni.libraries import timm_model

    timm_model(architecture)  # only one that was imported has a configuration
    from timm.models import _registry

    known = _registry._model_pretrained_cfgs
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in known if name.partition(".")[0] == architecture]:
            patch.setitem(known, name, dataclasses.replace(known[name], input_size=(3, side, side)))
        yield
