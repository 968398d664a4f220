"""From items, names and seen classes to scores of the candidates: method, handicap of seen classes, calibration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from jeoni import plugins
from jeoni.errors import ConfigError
from jeoni.specs.settings import configured
from jeoni.types import Array, FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.choice import Learned, learn
from jeoni.zero_shot_learning.semantics.linear import LinearScores
from jeoni.zero_shot_learning.semantics.protocol import Calibration, NamesMethod, SeenMethod
from jeoni.zero_shot_learning.semantics.stacking import choose_handicap

__all__ = [
    "Candidates",
    "Scorer",
    "build_calibration",
    "build_method",
    "choose_calibration",
    "score_by_names",
    "score_by_seen",
]

METHODS, CALIBRATIONS = "jeoni.zero_shot_learning", "jeoni.zero_shot_learning.calibrations"


@dataclass(frozen=True)
class Candidates:
    """The classes that are told apart.

    Attributes:
        seen: vectors ``(s, a)`` of those that examples were seen of; ``(0, a)`` where there are none.
        unseen: vectors ``(u, a)`` of the others.
        generalised: whether items may be of seen classes too: then these are candidates, and come first.
    """

    seen: FloatArray
    unseen: FloatArray
    generalised: bool = False

    @property
    def vectors(self) -> FloatArray:
        """``(candidates, a)``."""
        return np.concatenate([self.seen, self.unseen]) if self.generalised else self.unseen


@dataclass(frozen=True)
class Scorer:
    """How items are scored.

    Attributes:
        scores: of the candidates, for pooled features.
        plain: the same without calibration; None where there is none.
        learned: on seen classes; None where names alone decide.
        handicap: of seen classes among the candidates.
        taken: ``(candidates,)`` what the calibration takes from the scores.
    """

    scores: LinearScores
    plain: LinearScores | None = None
    learned: Learned | None = None
    handicap: float = 0.0
    taken: FloatArray = field(default_factory=lambda: np.zeros(0))


def build_method(name: str, settings: dict[str, object], *, seen: bool, attributes: bool) -> NamesMethod | SeenMethod:
    """Make a method.

    Args:
        name: its id, or ``auto``.
        settings: values of its fields.
        seen: whether there are seen classes.
        attributes: whether there is a table of attributes.

    Raises:
        ConfigError: an unknown method or setting; one that needs seen classes, or attributes, and there are none.
    """
    chosen = ("eszsl" if seen else "nearest_name") if name == "auto" else name
    made: NamesMethod | SeenMethod = configured(chosen, plugins.load(METHODS, chosen), settings)
    if not seen and (attributes or made.space == "seen"):
        what = "A table of attributes is learned from" if attributes else f"The method {chosen} learns on"
        raise ConfigError(
            f"{what} seen classes, and there are none. Give labelled items of other classes: --seen LABELLED."
        )
    if made.space == "seen" and made.attributes and not attributes:
        raise ConfigError(
            f"The method {chosen} goes by attributes of classes, and there is no table of them. Give one: "
            "--attributes TABLE.csv, a row for each class, seen or not; or take --method eszsl, which goes by names."
        )
    if made.space == "names" and attributes:
        raise ConfigError(
            f"The method {chosen} goes by class names, and a table of attributes was given. Leave --attributes out, or "
            "take --method eszsl or dap."
        )
    return made


def choose_calibration(name: str) -> str:
    """The id of a calibration, or ``none``, which ``auto`` is: without labels nothing tells whether one would help.

    Raises:
        ConfigError: an unknown one.

    Example:
        >>> choose_calibration("auto")
        'none'
    """
    if name in ("auto", "none"):
        return "none"
    plugins.load(CALIBRATIONS, name)
    return name


def build_calibration(name: str) -> Calibration | None:
    """Make a calibration; None for ``none``."""
    return None if name == "none" else plugins.load(CALIBRATIONS, name)()


def score_by_names(
    method: NamesMethod,
    candidates: Candidates,
    features: Array,
    scale: float,
    calibration: Calibration | None,
    neutral: Array | None,
) -> Scorer:
    """Scores by names in the items' own space.

    Args:
        method: how.
        candidates: the classes.
        features: ``(n, d)`` of the unlabelled items.
        scale: what scores are multiplied by before the softmax.
        calibration: what is taken from the scores.
        neutral: ``(m, d)`` of texts without content.
    """
    plain = replace(method.scores(candidates.vectors), temperature=1 / scale)
    return _calibrated(Scorer(plain), features, calibration, neutral)


def score_by_seen(
    method: SeenMethod,
    candidates: Candidates,
    seen: tuple[Array, IntArray],
    features: Array,
    calibration: Calibration | None,
    seed: int,
) -> Scorer:
    """Scores by what was learned on seen classes.

    Args:
        method: how.
        candidates: the classes.
        seen: features ``(m, d)`` of seen classes, and their labels ``(m,)``.
        features: ``(n, d)`` of the unlabelled items.
        calibration: what is taken from the scores.
        seed: of random choices.
    """
    rows, labels = np.asarray(seen[0], dtype=np.float64), seen[1]
    unseen = len(candidates.unseen)
    learned = learn(method, rows, labels, candidates.seen, unseen, seed)
    scores = replace(learned.scores_of(candidates.vectors), temperature=learned.temperature)
    handicap = 0.0
    if candidates.generalised:
        handicap = choose_handicap(method, learned, rows, labels, candidates.seen, unseen, seed)
        scores = scores.lowered(handicap * (np.arange(len(candidates.vectors)) < len(candidates.seen)))
    return _calibrated(Scorer(scores, None, learned, handicap), features, calibration, None)


def _calibrated(found: Scorer, features: Array, calibration: Calibration | None, neutral: Array | None) -> Scorer:
    if calibration is None:
        return found
    of_neutral = None if neutral is None else found.scores(neutral)
    taken = calibration(found.scores(features), of_neutral)
    return replace(found, scores=found.scores.lowered(taken), plain=found.scores, taken=taken)
