"""From features to clusters: the number, the clusters, and the same on untrained and raw features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from jeoni.assessment.control import sample_order, sample_size
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.clustering.number import candidates, propose
from jeoni.clustering.outcome import Clustered
from jeoni.clustering.plain import PLAIN, plain_features
from jeoni.clustering.protocol import Clusterer, joined
from jeoni.clustering.representations import Representation, draw_parts, repeated
from jeoni.clustering.space import Space, prepared
from jeoni.clustering.typical import renumbered, typicality
from jeoni.errors import DataError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import ClusterSpec
from jeoni.types import Console, FloatArray, IntArray

__all__ = ["Representations", "find_clusters"]

FALLBACK = 2  # clusters of so few items that no number can be proposed


@dataclass(frozen=True)
class Representations:
    """The features that are clustered.

    Attributes:
        own: the pretrained ones of all examples.
        compared: of the examples in ``sample`` the pretrained ones, then controls.
        sample: numbers of the examples that pretrained features and controls are compared on, in order.
        scaling: how those of the backbones were made ready.
        backbones: names.
    """

    own: Representation
    compared: tuple[Representation, ...]
    sample: IntArray
    scaling: str
    backbones: tuple[str, ...]

    def rows(self, clusters: int) -> FloatArray:
        """The pretrained features of all backbones, ``(n, d)``, as so many clusters are sought in them."""
        return joined([space.at(clusters) for space in self.own.spaces])

    @classmethod
    def of(
        cls, examples: Examples, backbones: Sequence[Backbone], twins: Sequence[Backbone], spec: ClusterSpec,
        context: Context,
    ) -> Representations:  # fmt: skip
        """Of the backbones and, where controls are wanted, of their untrained twins and of the examples as they are.

        Where there are more examples than the controls may be run on, all are compared on a sample of them, made ready
        and clustered as if there were no others: then none has learned from more.

        Raises:
            DataError: all examples have the same features.
        """
        scaling = spec.scaling
        if scaling == "auto":
            scaling = "whitened" if all(one.learned for one in backbones) else "standardized"
        names = tuple(one.name for one in backbones)

        def spaces(some: Examples, of: Sequence[Backbone]) -> list[Space]:
            rows = [some.features(one, Tap(one.n, True)).numpy() for one in of]
            return [prepared(row, scaling, seed=spec.seed) for row in rows]

        own = Representation("pretrained", ", ".join(names), spaces(examples, backbones))
        everything = np.arange(len(examples))
        if not twins:
            return cls(own, (own,), everything, scaling, names)
        size = sample_size(spec.control_items, len(examples), spec.clusters or 1)
        if size == len(examples):
            few, first, sample = examples, own, everything
        else:
            sample = np.sort(sample_order(np.zeros_like(everything), spec.seed)[:size])  # no label may decide it
            few = examples.select(sample, np.zeros((1, size), dtype=np.int64))
            first = replace(own, spaces=spaces(few, backbones))
        bare = _of_twins(few, twins, context)
        controls = _controls(few, lambda: spaces(bare, twins), backbones[0], spec.seed, context)
        return cls(own, (first, *controls), sample, scaling, names)


def _of_twins(examples: Examples, twins: Sequence[Backbone], context: Context) -> Examples:
    """The examples with the features of the untrained networks, computed if they are not there yet."""
    if all(examples.seen.holds(one, Tap(one.n, True)) for one in twins):
        return examples
    seen = context.extract(examples.data.items, [Request(one, (Tap(one.n, True),)) for one in twins])
    return replace(examples, seen=seen, index=np.arange(len(examples)))


def _controls(
    examples: Examples, untrained: Callable[[], list[Space]], backbone: Backbone, seed: int, context: Context
) -> list[Representation]:
    """Those that tell examples apart at all: features that are all alike are no control."""
    found = []
    try:
        found.append(Representation("untrained", "untrained", untrained()))
    except DataError:
        context.console.warn("The untrained network finds all examples alike; it is left out as a control.")
    plain = plain_features(examples.data.items, backbone.input, context.threads, seed)
    if plain is not None:
        modality = backbone.input.modality
        try:
            # whitening is for a network's features: it would blow up the faintest of a picture's components
            space = prepared(plain, "standardized" if modality == "audio" else "unit", seed=seed)
            found.append(Representation("raw", PLAIN[modality], [space]))
        except DataError:
            context.console.warn("As they are, all examples are alike; that is left out as a control.")
    return found


def find_clusters(
    method: Clusterer, features: Representations, alike: IntArray, spec: ClusterSpec, console: Console
) -> Clustered:
    """Propose a number where none was asked for, cluster, and cluster parts of all representations.

    Args:
        method: the way of clustering.
        features: of the examples.
        alike: ``(n,)``: near-identical examples have one number.
        spec: the options.
        console: hears of progress.
    """
    first, compared = features.own, features.compared
    n = len(first.spaces[0])
    with console.track("Numbers of clusters", max(1, len(candidates(n)))) as advance:
        proposal = propose(first.spaces, spec.seed, advance)
    number = spec.clusters or (proposal.clusters if proposal else FALLBACK)
    parts = draw_parts(len(features.sample), spec.repeats, spec.seed)
    with console.track("Clustering", 1 + len(compared) * len(parts)) as advance:
        clusters = renumbered(method.fit([space.at(number) for space in first.spaces], number, spec.seed))
        advance(1)
        drawn = [
            replace(one, drawn=repeated(method, one.spaces, number, parts, spec.seed, advance)) for one in compared
        ]
    return Clustered(
        method=spec.method,
        clusters=clusters,
        typicality=typicality(features.rows(number), clusters, alike, spec.seed),
        asked=spec.clusters,
        proposal=proposal,
        representations=drawn,
        sample=features.sample,
        scaling=features.scaling,
        backbones=features.backbones,
    )
