"""What may take part in a race: a backbone, a way of transferring from it, and the options of ``jeoni fit`` for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jeoni.assessment.holdout import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.sources.sentences import Sentences
from jeoni.heads.fitting.averaged import AVERAGED, may_be_averaged
from jeoni.heads.fitting.named import kind_of_head
from jeoni.libraries import has_architecture
from jeoni.planning.rules import Rule
from jeoni.specs import FitSpec
from jeoni.specs.settings import parse_settings
from jeoni.strategies import build_strategy
from jeoni.tasks import task_of
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset

__all__ = [
    "UNTRAINED",
    "WAYS",
    "Candidate",
    "NamedBackbone",
    "Way",
    "candidates_for",
    "probe_options",
    "probe_stages",
    "untrained_candidate",
]

UNTRAINED = "untrained"
FEW_SEQUENCES = 1000  # texts or recordings below which training by pairs is worth its time


@dataclass(frozen=True)
class Way:
    """A way of transferring.

    Attributes:
        options: of ``jeoni fit``.
        complexity: a simpler one wins ties.
        control: it uses nothing of what the backbone knows.
        trains: it trains stages, so that it takes its time.
    """

    options: Mapping[str, str]
    complexity: int
    control: bool = False
    trains: bool = True


WAYS = {
    "probe": Way({"strategy": "probe"}, 0, trains=False),  # on several stages where it can, see :func:`probe_options`
    "lower stage": Way({"strategy": "probe"}, 1, trains=False),
    "upper stages": Way({"strategy": "finetune"}, 2),
    "contrastive": Way({"strategy": "contrastive"}, 2),
    "gradual": Way({"strategy": "gradual", "augment": "strong"}, 3),
    "l2sp": Way({"strategy": "l2sp", "augment": "strong"}, 3),
    "whole network": Way({"strategy": "finetune", "frozen": "0"}, 4),
    "scratch": Way({"strategy": "scratch"}, 5, control=True),
}


@dataclass(frozen=True)
class NamedBackbone:
    """A backbone and the name it was asked for by."""

    name: str
    backbone: Backbone


@dataclass(frozen=True)
class Candidate:
    """One that may take part.

    Attributes:
        name: as it is shown.
        way: of :data:`WAYS`, or ``untrained``.
        source: the backbone.
        options: of ``jeoni fit`` that are it.
        complexity: a simpler one wins ties.
        control: it uses nothing of what the backbone knows.
        trains: it trains stages.
    """

    name: str
    way: str
    source: NamedBackbone
    options: Mapping[str, str] = field(default_factory=dict)
    complexity: int = 0
    control: bool = False
    trains: bool = False

    def strategy(self, asked: FitSpec) -> Strategy:
        """The strategy, with what was asked for besides: head, class weights, recipe.

        Raises:
            ConfigError: an option that cannot be used.
        """
        own = {name: value for name, value in self.options.items() if name in ("frozen", "augment")}
        settings = parse_settings(self.options.get("set", ""))
        return build_strategy(self.options["strategy"], asked.changed(**own), {**asked.head_settings, **settings})


def probe_stages(modality: str) -> int:
    """How many stages a probe has heads on.

    Chosen on development tasks, where texts gained from a third stage and pictures did not; measured on others by
    `benchmarks/stages.py`.
    """
    return 3 if modality == "text" else 2


def probe_options(data: Dataset, head: str) -> dict[str, str]:
    """Those of ``jeoni fit`` for a probe: heads on several upper stages, averaged, where task and head allow it.

    Args:
        data: say what is predicted from what.
        head: the head's id, and hyper-parameters behind a colon.
    """
    several = may_be_averaged(task_of(data)) and kind_of_head(head) in AVERAGED
    return {"strategy": "probe", **({"set": f"stages={probe_stages(data.modality)}"} if several else {})}


def candidates_for(
    rule: Rule,
    data: Dataset,
    labelled: int,
    backbones: Sequence[NamedBackbone],
    lower_stage: int | None,
    *,
    head: str = "auto",
    named: bool = False,
) -> list[Candidate]:
    """What the rule would try, in its order: a probe of every backbone, the other ways of the first.

    Args:
        rule: the cell of the table.
        data: says which ways are open to it.
        labelled: examples to learn from.
        backbones: the one that leads first.
        lower_stage: the lower stage that serves best, of the first backbone; None where none was looked at.
        head: that was asked for.
        named: say the backbone in the candidate's name, as where there are several.
    """
    found = []
    named = named or len(backbones) > 1
    for number, source in enumerate(backbones):
        for name in rule.tried:
            if number and name != "probe":
                continue
            if name == "contrastive" and not _takes_pairs(data, source.backbone, labelled):
                continue
            if name == "lower stage" and lower_stage is None:
                continue
            found.append(_candidate(name, source, lower_stage, named, probe_options(data, head)))
    return found


def untrained_candidate(source: NamedBackbone, twin: Backbone, data: Dataset, head: str = "auto") -> Candidate:
    """The control: a probe on features of random weights, of as many stages."""
    known = source.name if has_architecture(source.name) or source.name in Sentences().names() else ""
    name = f"untrained:{known or twin.architecture}"
    options = {"backbone": name, **probe_options(data, head)}
    return Candidate(UNTRAINED, UNTRAINED, NamedBackbone(name, twin), options, control=True)


def _takes_pairs(data: Dataset, backbone: Backbone, labelled: int) -> bool:
    """Of pictures, training by pairs costs too much for what it brings."""
    return backbone.input.ragged and labelled < FEW_SEQUENCES and isinstance(data.task, Classification)


def _candidate(
    name: str, source: NamedBackbone, lower_stage: int | None, named: bool, probe: Mapping[str, str]
) -> Candidate:
    way = WAYS[name]
    options = {"backbone": source.name, **(probe if name == "probe" else way.options)}
    if not source.backbone.input.varied:
        options.pop("augment", None)
    shown = name
    if name == "lower stage":
        options["set"] = f"stage={lower_stage}"
        shown = f"probe on {source.backbone.stages[(lower_stage or 1) - 1].name}"
    shown = f"{shown}, {source.name}" if named else shown
    return Candidate(shown, name, source, options, way.complexity, way.control, way.trains)
