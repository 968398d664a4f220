"""How well a few examples tell classes apart: N-way K-shot episodes on a backbone's features."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from jeoni.backbones.cut import Tap
from jeoni.console import console_for
from jeoni.errors import ConfigError
from jeoni.features.extract import Request
from jeoni.few_shot.episodes import Episodes, check_methods, evaluate_episodes
from jeoni.specs import EpisodesSpec
from jeoni.specs.keywords import EpisodesKeywords
from jeoni.tasks import read_targets
from jeoni.tasks.classification import Classification
from jeoni.types import Console
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.reading import choose_backbone, read
from jeoni.verbs.session.session import Session

__all__ = ["episodes"]


@takes_options(EpisodesSpec)
def episodes(
    data: Any,
    spec: EpisodesSpec | None = None,
    *,
    console: Console | None = None,
    quiet: bool = False,
    **options: Unpack[EpisodesKeywords],
) -> Episodes:
    """Say how well a few examples of new classes tell them apart, by N-way K-shot episodes; nothing is written.

    Args:
        data: labelled data, as for :func:`jeoni.fit`.
        spec: all options; see :class:`jeoni.EpisodesSpec`.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used, or too few examples for such episodes.
        ConfigError: an unknown method.

    Example:
        ``print(jeoni.episodes("photos/", ways=5, shots=1).summary)``
    """
    spec = (spec or EpisodesSpec()).changed(**options)
    session = Session("episodes", spec, console_for(console, quiet, spec.language))
    with session.step("read"):
        session.check()
        check_methods(spec.names)
        dataset = read_targets(read(data, spec), "classification")
        if not isinstance(dataset.task, Classification):
            raise ConfigError("Episodes are for data with classes.")
    with session.step("load"):
        backbone = choose_backbone(dataset, spec)
    pooled = Tap(backbone.n, True)
    ready = session.prepare(dataset, [Request(backbone, (pooled,))], [])
    index = np.flatnonzero(ready.checked.keep)
    features = ready.seen.features(backbone, pooled, index).numpy()
    with session.step("evaluate"):
        return evaluate_episodes(
            np.asarray(features, dtype=np.float32),
            ready.data.targets[index],
            spec.names,
            ways=spec.ways,
            shots=spec.shots,
            queries=spec.queries,
            episodes=spec.episodes,
            dirichlet=spec.dirichlet,
            seed=spec.seed,
        )
