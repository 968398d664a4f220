"""``metrics.json`` of ``jeoni cluster``, and the examples of its clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from jeoni.runs.records.figures import Example
from jeoni.runs.records.values import Count, Name, Positive, SaidTexts, Score, Scores, Share, Value
from jeoni.runs.typed import AtMost

__all__ = ["Cluster", "ClusterMetrics", "ClustersRecord", "NumberOfClusters", "RepresentationRecord", "ShownCluster"]


@dataclass(frozen=True)
class Cluster:
    """A cluster: how large it is, how sure its items are, and the class that suits it, where labels exist."""

    name: Name
    size: Count
    confidence: Share
    class_name: str = ""
    purity: Share | None = None


@dataclass(frozen=True)
class NumberOfClusters:
    """A number of clusters that was tried: how far two halves of the data agree on them, and their silhouette."""

    clusters: Count
    stability: Value
    low: Value
    high: Value
    silhouette: Value


@dataclass(frozen=True)
class RepresentationRecord:
    """Features that were clustered, with scores that are means over random parts; ``difference`` is ours minus its."""

    kind: Literal["pretrained", "untrained", "raw"]
    name: Name
    stability: Score
    scores: Scores | None = None
    difference: Scores | None = None
    more_stable: Score | None = None


@dataclass(frozen=True)
class ClusterMetrics:
    """``metrics.json`` of ``jeoni cluster``."""

    method: Name
    backbones: Annotated[tuple[Name, ...], AtMost(20)]
    scaling: Name
    n: Count
    labelled: Count
    asked: Count | None
    summary: str
    clusters: Annotated[tuple[Cluster, ...], AtMost(10_000)]
    representations: Annotated[tuple[RepresentationRecord, ...], AtMost(20)]
    said: SaidTexts = ()
    compared: Count | None = None
    numbers: Annotated[tuple[NumberOfClusters, ...], AtMost(1000)] = ()
    proposed: Count | None = None
    sureness: Literal["", "clear", "fair", "weak"] = ""
    scores: Scores | None = None
    class_names: tuple[str, ...] = ()
    table: tuple[tuple[Positive, ...], ...] = ()
    model_agrees: Share | None = None

    def __post_init__(self) -> None:
        if not self.clusters:
            raise ValueError("clusters is empty; at least one is needed")
        if self.table and {len(row) for row in self.table} != {len(self.clusters)}:
            raise ValueError(f"table has not {len(self.clusters)} columns, one of each cluster")
        if self.table and len(self.table) != len(self.class_names):
            raise ValueError(f"table has not {len(self.class_names)} rows, one of each class in class_names")


@dataclass(frozen=True)
class ShownCluster:
    """The most typical and the most doubtful items of a cluster."""

    name: Name
    typical: Annotated[tuple[Example, ...], AtMost(100)] = ()
    doubtful: Annotated[tuple[Example, ...], AtMost(100)] = ()


@dataclass(frozen=True)
class ClustersRecord:
    """``figures/clusters.json``."""

    clusters: Annotated[tuple[ShownCluster, ...], AtMost(1000)]
