"""Which kind of shift lies between two domains, and how large it is.

The simplest repair that makes the domains indistinguishable names the shift: other class weights (``label``), weights
by a density ratio (``covariate``), features moved and turned (``subspace``). Every repair is fitted on halves and tried
on the others. Without labels of the target, features that look alike may still mean something else (``concept``).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.stats import binomtest
from sklearn.utils.validation import check_array

from jeoni import plugins
from jeoni.adaptation._repairs import FEW, REPAIRS, WIDTHS, Domains, Repair, classifier, tried
from jeoni.adaptation.posteriors import cross_fitted
from jeoni.adaptation.shallow.discriminative import Discriminative
from jeoni.adaptation.shallow.rlls import RLLS
from jeoni.locale import Said
from jeoni.transferability.distances.mmd import MMD
from jeoni.transferability.samples import line_up, paired
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["Concept", "Diagnosis", "diagnose", "reduced"]

DISTANCES = "jeoni.transferability.distances"
ROWS = 2000
SAID = 3  # classes whose shares are put in words
DIMENSIONS = 50
EXPLAINED = ("mmd", "proxy_a_distance", "frechet")  # distances with a sentence of their own
CHANCE = 0.05
ENOUGH = 0.8  # of the distance: a repair that removes less has not explained the shift, whatever its p-value
NEAR = 0.02  # of the distance: the simpler repair may be so much worse
TURNED = 0.5  # of what moving features leaves: class weights must take away the rest
REMAINING = 20  # source rows that weights must leave
OVERLAP = 0.1  # share of the source that a density ratio must rest on
RESAMPLES = 200
LABELLED = 20  # target rows, five of two classes at least
SURE = 0.01
FOLDS = 5
SIMPLEST = ("label", "covariate", "subspace")  # first
BOTH = "label and subspace"
REPAIRED_BY = {
    "label": "re-weighting the classes",
    "covariate": "re-weighting by a density ratio",
    "subspace": "moving and turning the features",
}


@dataclass(frozen=True)
class Concept:
    """Two classifiers on the target's labelled rows.

    Attributes:
        source_accuracy: of the best of those that learned from the source: as it is, and after each repair tried.
        target_accuracy: of one that learned from the target's other rows, cross-validated.
        p_value: how often chance alone lets the second win so clearly (McNemar's exact test, one-sided).
        rows: labelled target rows.
    """

    source_accuracy: float
    target_accuracy: float
    p_value: float
    rows: int


@dataclass(frozen=True)
class Diagnosis:
    """The differences of two domains.

    Attributes:
        kinds: what is said: ``none``; one or more of ``label``, ``covariate``, ``subspace`` and ``concept`` at once; or
            ``undecided``, where a shift is seen and the rows are too few to tell its kind.
        others: kinds that would explain the features as well.
        p_value: of the permutation test for no shift at all.
        distances: by every distance there is, by its id, on features scaled to variance 1 and reduced; ``mmd`` is the
            squared kernel distance behind the permutation test. One that cannot be computed is missing.
        overlap: share of the source that a density ratio rests on; near 0, re-weighting cannot work.
        scores: by kind: for ``none`` the p-value; else the share of the distance that the repair removes, from 0 to 1;
            for ``concept`` the accuracy that learning from the target gains. Kinds that were not tried are missing.
        source_shares: of the classes, by name.
        target_shares: their estimates with 95 % intervals, which hold where the classes look the same in both domains;
            empty where fewer than two classes have four examples.
        repairs: what each repair did.
        concept: None without enough target labels. Features changed in a way that no repair undoes count as well: the
            same features mean other classes then.
        sentences: all of this in words.
    """

    kinds: tuple[str, ...]
    others: tuple[str, ...]
    p_value: float
    distances: dict[str, float]
    overlap: float
    scores: dict[str, float]
    source_shares: dict[str, float]
    target_shares: dict[str, Interval]
    repairs: dict[str, Repair]
    concept: Concept | None
    sentences: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def diagnose(Xs: Any, ys: Any, Xt: Any, *, yt: Any = None, seed: int = 0) -> Diagnosis:
    """Compare a labelled source with a target.

    Features are scaled and reduced to 50 dimensions at most, and of each domain 2,000 rows at most are drawn, so that
    it takes seconds.

    Args:
        Xs: ``(ns, d)`` source rows.
        ys: ``(ns,)`` their labels, of any kind.
        Xt: ``(nt, d)`` target rows.
        yt: ``(nt,)`` labels of the target, -1 (or an empty word) where unknown; only with them can ``concept`` be said.
        seed: of draws, splits and permutations.

    Raises:
        ValueError: not two matrices with the same number of columns, fewer than 20 rows, NaN, or labels that do not
            fit.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ys, yt = np.arange(400) % 2, (np.arange(400) % 10 == 0).astype(int)
        >>> Xs, Xt = (rng.normal(size=(400, 2)) + 3 * y[:, None] for y in (ys, yt))
        >>> found = diagnose(Xs, ys, Xt)
        >>> found.kinds, round(found.target_shares["1"].value, 1)
        (('label',), 0.1)
    """
    Xs, Xt = paired(Xs, Xt)
    if min(len(Xs), len(Xt)) < 20:
        raise ValueError(f"There are {len(Xs)} source rows and {len(Xt)} target rows; 20 of each are needed at least.")
    classes, labels = np.unique(_labels(ys, len(Xs), "ys"), return_inverse=True)
    shares = np.bincount(labels) / len(labels)
    known = _numbers(yt, len(Xt), classes)
    s, t = (_drawn(X, seed) for X in (Xs, Xt))
    S, T = reduced(Xs[s], Xt[t])
    labels, known = labels[s], known[t]
    tested = MMD(WIDTHS, most=ROWS, seed=seed).test(S, T)
    domains = Domains(S, np.where(np.bincount(labels)[labels] >= FEW, labels, -1), T)
    repairs = _repairs(domains, seed) if tested.p <= CHANCE else {}
    kinds, others = _named(repairs) if repairs else (("none",), ())
    concept = _concept(domains, labels, known, [*repairs] or ["nothing"])
    if concept is not None and concept.p_value <= SURE and concept.target_accuracy > concept.source_accuracy:
        kinds = (*(k for k in kinds if k != "none"), "concept")
    scores = {"none": tested.p} | {k: float(np.clip(r.removed, 0, 1)) for k, r in repairs.items() if k in SIMPLEST}
    if concept is not None:
        scores["concept"] = max(0.0, concept.target_accuracy - concept.source_accuracy)
    found = Diagnosis(
        kinds=kinds,
        others=others,
        p_value=tested.p,
        distances=_distances(S, T, tested.value, seed),
        overlap=_overlap(S, T, seed),
        scores=scores,
        source_shares={str(c): float(share) for c, share in zip(classes, shares, strict=True)},
        target_shares=_target_shares(domains, classes, seed),
        repairs=repairs,
        concept=concept,
        sentences=(),
    )
    return replace(found, sentences=tuple(_sentences(found, len(S), len(T))))


def _distances(S: Array, T: Array, mmd: float, seed: int) -> dict[str, float]:
    """Every distance in its folder; of those that have them, ``most`` and ``seed`` are set."""
    found = {"mmd": mmd}
    for name in plugins.names(DISTANCES):
        if name in found:
            continue
        kind = plugins.load(DISTANCES, name)
        declared = {f.name for f in fields(kind)}
        settings = {setting: value for setting, value in (("most", ROWS), ("seed", seed)) if setting in declared}
        # a distance may ask for more than there is, such as more rows
        with suppress(ValueError):
            found[name] = float(kind(**settings)(S, T))
    return found


def _repairs(domains: Domains, seed: int) -> dict[str, Repair]:
    """The single repairs, and two at once where none of these suffices."""
    several = len(np.unique(domains.labels[domains.labels >= 0])) > 1
    single = ("nothing", *(k for k in SIMPLEST if several or k != "label"))
    found = tried(domains, single, seed)
    if several and found["nothing"].p_value <= CHANCE and not _enough(found):
        found |= tried(domains, [BOTH], seed)
    return found


def _possible(repairs: dict[str, Repair]) -> list[str]:
    """Single repairs that leave enough of the source to tell; ``subspace`` leaves all."""
    least = {"covariate": OVERLAP}
    found = [k for k in SIMPLEST if k in repairs]
    return [k for k in found if repairs[k].rows >= REMAINING and repairs[k].effective >= least.get(k, 0)] or found


def _enough(repairs: dict[str, Repair]) -> list[str]:
    """Those after which no difference is seen."""
    return [k for k in _possible(repairs) if repairs[k].p_value > CHANCE and repairs[k].removed >= ENOUGH]


def _named(repairs: dict[str, Repair]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds of shift that are named, and those that would explain the features as well."""
    enough = _enough(repairs)
    if repairs["nothing"].p_value > CHANCE:
        return ("undecided",), tuple(enough)
    if enough:
        most = max(min(1.0, repairs[k].removed) for k in enough)
        said = next(k for k in enough if repairs[k].removed >= most - NEAR)
        return (said,), tuple(k for k in enough if k != said)
    said = max(_possible(repairs), key=lambda k: repairs[k].removed)
    if said == "subspace" and BOTH in repairs and _left(repairs[BOTH]) <= TURNED * _left(repairs[said]):
        return ("label", "subspace"), ()
    return (said,), ()


def _left(repair: Repair) -> float:
    return max(0.0, 1 - repair.removed)


def _concept(domains: Domains, labels: IntArray, known: IntArray, repairs: list[str]) -> Concept | None:
    """Classifiers that learned from the source and from the target, on the target's labelled rows."""
    asked = np.flatnonzero(known >= 0)
    truth = known[asked]
    if len(asked) < LABELLED or (np.bincount(truth, minlength=2) >= FOLDS).sum() < 2:
        return None
    rows = domains.T[asked]
    fold = np.empty(len(asked), dtype=np.int64)
    by_class = np.argsort(truth, kind="stable")
    fold[by_class] = np.arange(len(asked)) % FOLDS
    own = np.empty(len(asked), dtype=bool)
    for k in range(FOLDS):
        model = classifier(rows[fold != k]).fit(rows[fold != k], truth[fold != k])
        own[fold == k] = model.predict(rows[fold == k]) == truth[fold == k]
    foreign = [_after(domains, labels, name).predict(rows) == truth for name in repairs]
    best = max(foreign, key=np.mean)
    won, lost = int((own & ~best).sum()), int((best & ~own).sum())
    p = binomtest(won, won + lost, alternative="greater").pvalue if won + lost else 1.0
    return Concept(float(best.mean()), float(own.mean()), float(p), len(asked))


def _after(domains: Domains, labels: IntArray, name: str) -> Any:
    """A classifier that learned from the source after a repair."""
    rows, weights = REPAIRS[name](domains)(domains.S, domains.labels)
    return classifier(rows).fit(rows, labels, logisticregression__sample_weight=weights / weights.mean())


def _overlap(S: Array, T: Array, seed: int) -> float:
    weights = Discriminative(classifier(np.concatenate([S, T])), least_effective=0.0, seed=seed)
    return weights.fit(S, None, T).effective_size_ / len(S)


def _target_shares(domains: Domains, classes: Array, seed: int) -> dict[str, Interval]:
    """RLLS, and its percentiles when rows of both domains are drawn again, those of the source within their class."""
    S, labels, T = domains
    used = np.unique(labels[labels >= 0])
    if len(used) < 2:
        return {}
    S, labels = S[labels >= 0], np.searchsorted(used, labels[labels >= 0])
    held, target = cross_fitted(classifier(S), S, labels, T, seed, classes[used])
    by_fold = target.reshape(-1, len(T), len(used))
    before = np.bincount(labels) / len(labels)
    of = [np.flatnonzero(labels == k) for k in range(len(used))]
    rng = np.random.default_rng(seed)

    def shares(s: IntArray, t: IntArray) -> FloatArray:
        found = before * RLLS()._class_weights(held[s], labels[s], by_fold[:, t].reshape(-1, len(used)))
        return np.asarray(found / found.sum())

    value = shares(np.arange(len(S)), np.arange(len(T)))
    again = [
        shares(np.concatenate([rng.choice(k, len(k)) for k in of]), rng.integers(len(T), size=len(T)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(again, [2.5, 97.5], axis=0)
    return {
        str(c): Interval(float(v), float(min(a, v)), float(max(b, v)))
        for c, v, a, b in zip(classes[used], value, low, high, strict=True)
    }


def _drawn(X: Array, seed: int) -> IntArray:
    """At most 2,000 rows, drawn at random, in an order that does not depend on how they were handed over."""
    order = line_up(X, seed)
    return order[np.random.default_rng(seed).permutation(len(X))[:ROWS]]


def reduced(Xs: Array, Xt: Array) -> tuple[FloatArray, FloatArray]:
    """Both domains in the same 50 main directions at most, after scaling by all rows: neither domain is preferred."""
    pooled = np.concatenate([Xs, Xt]).astype(np.float64)
    pooled -= pooled.mean(0)
    spread = pooled.std(0)
    pooled /= np.where(spread > 0, spread, 1)
    if pooled.shape[1] > DIMENSIONS:
        if len(pooled) >= pooled.shape[1]:
            axes = _largest(pooled.T @ pooled)[1]
        else:
            values, left = _largest(pooled @ pooled.T)
            axes = pooled.T @ (left / np.sqrt(np.maximum(values, 1e-12)))
        pooled = pooled @ axes
    return pooled[: len(Xs)], pooled[len(Xs) :]


def _largest(C: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The 50 largest eigenvalues of a symmetric matrix, and their vectors; the others are not computed."""
    values, vectors = eigh(C, subset_by_index=[max(0, len(C) - DIMENSIONS), len(C) - 1])
    return values, vectors


def _labels(y: Any, n: int, name: str) -> Array:
    given: Array = check_array(y, ensure_2d=False, dtype=None, input_name=name)
    if given.shape != (n,):
        raise ValueError(f"{name} has shape {given.shape}; ({n},) is needed, a label for every row.")
    return given


def _numbers(yt: Any, n: int, classes: Array) -> IntArray:
    """The target's classes in the order of the source's, -1 where unknown."""
    if yt is None:
        return np.full(n, -1, dtype=np.int64)
    given = _labels(yt, n, "yt").astype(str)
    names = classes.astype(str)
    place = {name: k for k, name in enumerate(names)}
    unknown = {"", "-1", "-1.0"} - set(names)
    strange = sorted(map(str, set(given) - unknown - set(names)))
    if strange:
        raise ValueError(
            f"yt holds {strange[0]!r}, which is no class of the source; its classes are {', '.join(names[:10])}. "
            "Write -1 where a label is not known."
        )
    return np.array([place.get(label, -1) for label in given], dtype=np.int64)


def _sentences(found: Diagnosis, ns: int, nt: int) -> list[Said]:
    """The findings in words, the most telling first."""
    said = [_kind_in_words(found, ns, nt)]
    if found.others:
        said.append(Said("diagnosis.others", kinds=_listed(found.others)))
    said += _distances_in_words(found.distances)
    if found.repairs and found.overlap < OVERLAP:
        said.append(Said("diagnosis.overlap", share=f"{found.overlap:.0%}"))
    if "label" in found.kinds:
        changed = sorted(found.target_shares.items(), key=lambda it: -abs(it[1].value - found.source_shares[it[0]]))
        said += [_share_in_words(name, found.source_shares[name], share) for name, share in changed[:SAID]]
    said.append(_concept_in_words(found))
    return said


def _share_in_words(name: str, source: float, target: Interval) -> Said:
    written = {"target": f"{target.value:.0%}", "low": f"{target.low:.0%}", "high": f"{target.high:.0%}"}
    return Said("diagnosis.class_share", name=str(name), source=f"{source:.0%}", **written)


def _distances_in_words(distances: dict[str, float]) -> list[Said]:
    far = distances["proxy_a_distance"]
    written = {"share": f"{50 + 25 * far:.0f}", "proxy": f"{far:.2f}", "mmd": f"{distances['mmd']:.3f}"}
    said = [Said("diagnosis.distances", **written, frechet=f"{distances['frechet']:.3g}")]
    others = {name: value for name, value in distances.items() if name not in EXPLAINED}
    if others:
        listed = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in others.items())
        said.append(Said("diagnosis.more_distances", listed=listed))
    return said


def _kind_in_words(found: Diagnosis, ns: int, nt: int) -> Said:
    test = Said("diagnosis.test", p=_p(found.p_value), ns=f"{ns}", nt=f"{nt}")
    if found.p_value > CHANCE:
        return Said("diagnosis.none", test=test)
    if "undecided" in found.kinds:
        return Said("diagnosis.undecided", test=test)
    seen = tuple(k for k in found.kinds if k != "concept")
    repair = found.repairs[" and ".join(seen)]
    alike = repair.p_value > CHANCE and repair.removed >= ENOUGH
    return Said(
        "diagnosis.repaired" if alike else "diagnosis.partly",
        kinds=_listed(seen),
        test=test,
        repairs=_listed(tuple(REPAIRED_BY[k] for k in seen)),
        share=f"{np.clip(repair.removed, 0, 1):.0%}",
    )


def _concept_in_words(found: Diagnosis) -> Said:
    c = found.concept
    if c is None:
        return Said("diagnosis.concept_unknown", rows=f"{LABELLED}")
    accuracies = {"source": f"{c.source_accuracy:.0%}", "target": f"{c.target_accuracy:.0%}"}
    both = Said("diagnosis.classifiers", rows=f"{c.rows}", **accuracies, p=_p(c.p_value))
    return Said("diagnosis.concept" if "concept" in found.kinds else "diagnosis.no_concept", both=both)


def _p(value: float) -> str:
    return f"= {value:.3f}" if value >= 0.0005 else "< 0.001"


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(names)
