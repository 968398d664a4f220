"""What each verb has to compute, and how long that takes by a calibration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jeoni import distributed
from jeoni.assessment.holdout import Strategy
from jeoni.assessment.shared_search import Searching, count_of_searches
from jeoni.backbones.backbone import Backbone
from jeoni.deadline import PlannedFit
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.cost import Fits, cost_of, fits_of, look_s, views_s
from jeoni.planning.estimate import Cheaper, Estimate
from jeoni.specs import AdaptSpec, ClusterSpec, CompareSpec, FitSpec
from jeoni.tasks import strata_of
from jeoni.training.work import Work
from jeoni.types import Dataset

if TYPE_CHECKING:
    from jeoni.adaptation.adapter import Adapter
    from jeoni.adaptation.alignment import Alignment

__all__ = ["Trials", "estimate_adapt", "estimate_cluster", "estimate_compare", "estimate_features", "estimate_fit"]

FEW_PASSES = 1500  # examples through training steps below which a training is not worth a calibration
FEW = 200  # examples below which heads are not either
MANY_HEADS = 2000  # and those below which they are not where features are in the store
AUTO_HEADS = 10  # fitted by `adapt --method auto` to weigh its candidates
Budget = int | None


@dataclass(frozen=True)
class Trials:
    """An estimate of a comparison, trial by trial.

    Attributes:
        estimate: of the whole.
        fits: what one trial takes, by strategy and budget.
    """

    estimate: Estimate
    fits: Mapping[tuple[str, Budget], PlannedFit]

    @property
    def seconds(self) -> dict[tuple[str, Budget], float]:
        """Of one trial, by strategy and budget."""
        return {key: fit.training_s + fit.other_s for key, fit in self.fits.items()}


def estimate_fit(
    calibration: Calibration,
    strategy: Strategy,
    probe: Strategy,
    backbone: Backbone,
    requests: Sequence[Request],
    spec: FitSpec,
    least: Mapping[bool, int],
    before_s: float,
    control: Request | None = None,
    looks: bool = False,
) -> Estimate | None:
    """Of ``fit``; None where it is so short that a calibration would be the longest part of it.

    Args:
        calibration: measures on the data.
        strategy: that was asked for.
        probe: the linear probe, of the control and beside a trained strategy.
        backbone: what is transferred from.
        requests: features that will be computed.
        spec: the options.
        least: examples from which on a test set is kept, for a probe (True) and for what is trained (False).
        before_s: seconds that have passed.
        control: of the untrained backbone, where it is run on a sample only.
        looks: whether a plan looks at the data first, in which nothing is trained.
    """
    data = calibration.data
    trained = spec.strategy != "probe"
    work = fits_of(data, spec, quick=not trained, least=least[not trained]).work(strategy, backbone, len(data))
    if _short(work, len(data)):
        return None
    features = calibration.features_s(requests)
    if not trained and not calibration.computed and len(data) < MANY_HEADS:
        return None  # what is left are heads on features that are in the store
    cost = cost_of(calibration, strategy, probe, backbone, requests, spec, least, control, looks)
    look = {"plan": look_s(calibration, backbone, probe, spec, least, requests, control)} if looks else {}
    cheaper = []
    if trained:
        alone = replace(spec, strategy="probe")
        quick = cost_of(calibration, probe, probe, backbone, requests, alone, least)
        cheaper.append(Cheaper("--strategy probe", quick.seconds))
    if spec.control:
        left_out = cost.parts["controls"] / (1 if control or not trained else 2)
        left_out += 0.0 if control else features / 2
        cheaper.append(Cheaper("--no-control", cost.seconds - left_out))
    return Estimate({**look, **cost.parts}, before_s, tuple(cheaper), cost.disk_bytes, cost.memory_bytes)


def estimate_cluster(
    calibration: Calibration, requests: Sequence[Request], spec: ClusterSpec, before_s: float
) -> Estimate:
    """Of ``cluster``, whose features take the longest by far; methods are not timed.

    Args:
        calibration: measures on the data.
        requests: features that will be computed.
        spec: the options.
        before_s: seconds that have passed.
    """
    features, report = calibration.features_s(requests), calibration.report_s(spec.pictures)
    cheaper = (Cheaper("--no-control", features / 2 + report),) if spec.control and len(requests) > 1 else ()
    return Estimate({"features": features, "report": report}, before_s, cheaper)


def estimate_compare(
    calibration: Calibration,
    strategies: Mapping[str, Strategy],
    backbone: Backbone,
    requests: Sequence[Request],
    spec: CompareSpec,
    before_s: float,
) -> Trials | None:
    """Of ``compare``, with the seconds of each trial; None where it is short. Arguments as of :func:`estimate_fit`."""
    data = calibration.data
    sizes = _sizes(data, spec)
    of = len(data)
    searches = count_of_searches(spec.repeats, spec.folds, bool((data.part == "test").any())) / spec.repeats
    works = {
        (name, budget): _trial_work(strategy, backbone, n, searches)
        for name, strategy in strategies.items()
        for budget, n in sizes.items()
    }
    everything = [(n, spec.repeats * times, work) for some in works.values() for n, times, work in some]
    if not spec.budget and _short(everything, of):
        return None
    features = calibration.features_s(requests)
    fits = {key: _planned(calibration, some) for key, some in works.items()}
    trials = {key: fit.training_s + fit.other_s for key, fit in fits.items()}
    largest = [training for _, _, work in everything for training in work.trainings]
    views = views_s(calibration, largest, of)
    stages = backbone.n * spec.repeats * calibration.heads_s(Work(1), max(sizes.values())) if spec.stages else 0.0
    rest = calibration.report_s(False)
    control = spec.arms[-1]
    parts = {
        "features": features,
        "views": views,
        "strategies": spec.repeats * sum(s for (name, _), s in trials.items() if name != control),
        f"control ({control})": spec.repeats * sum(s for (name, _), s in trials.items() if name == control),
        "stages": stages,
        "report": rest,
    }
    fewer = _few_budgets(sizes)
    short = features + views + 2 * sum(s for (_, budget), s in trials.items() if budget in fewer) + rest
    cheaper = [Cheaper(f"--repeats 2 --budgets {_written(fewer)} --no-stages", short)]
    return Trials(Estimate(parts, before_s, tuple(cheaper)), fits)


def _trial_work(strategy: Strategy, backbone: Backbone, n: int, searches: float) -> list[tuple[int, int, Work]]:
    """Of one trial; of a search that several repeats share, only its part.

    Args:
        strategy: that is fitted.
        backbone: to transfer from.
        n: training examples.
        searches: for each repeat.
    """
    if not isinstance(strategy, Searching) or strategy.recipe.learning_rate is not None:
        return Fits({n: 1}).work(strategy, backbone, n)
    shared = strategy.work_of_search(backbone, n)
    parts = tuple(replace(one, steps=searches * one.steps) for one in shared.trainings)
    return [(n, 1, strategy.work_of_fit(backbone, n) + Work(0, parts))]


def _sizes(data: Dataset, spec: CompareSpec) -> dict[Budget, int]:
    """Training examples by budget."""
    strata = strata_of(data)
    own = data.part == "test"
    share = 1.0 if own.any() else 1 - 1 / spec.folds
    counts = np.bincount(strata[~own][strata[~own] >= 0]) * share
    kept: dict[Budget, int] = {b: int(np.minimum(counts, b).sum()) for b in spec.sizes if b and b < counts.max()}
    if None in spec.sizes or len(kept) < len(spec.sizes):
        kept[None] = int(counts.sum())
    return kept


def _few_budgets(sizes: Mapping[Budget, int]) -> list[Budget]:
    """The second smallest and the largest, or what there is."""
    ordered = list(sizes)
    return [*ordered[:-1][1:2], ordered[-1]] if len(ordered) > 2 else ordered[-1:]


def _written(budgets: Iterable[Budget]) -> str:
    return ",".join("all" if b is None else str(b) for b in budgets)


def estimate_adapt(
    calibration: Calibration,
    methods: Mapping[str, Adapter | Alignment | None],
    backbone: Backbone,
    requests: Sequence[Request],
    source: int,
    spec: AdaptSpec,
    before_s: float,
) -> Estimate | None:
    """Of ``adapt``; None where it is short.

    Args:
        calibration: measures on the examples of both domains.
        methods: by their names; None is ``source_only``, or ``auto``.
        backbone: what is adapted.
        requests: features that will be computed.
        source: examples of the source; of the target where a model stands in its place.
        spec: the options.
        before_s: seconds that have passed.
    """
    # with scikit-learn, which a fit can do without
    from jeoni.adaptation.adapt_backbone import expected_work
    from jeoni.adaptation.alignment import Alignment

    both = len(calibration.data)
    each = []
    for name, method in methods.items():
        work = Work(AUTO_HEADS if name == "auto" else 1)
        if isinstance(method, Alignment):
            work = expected_work(method, backbone, source, both, spec.recipe)
        elif method is not None:
            work = Work(2)
        each.append((source, 1, work))
    if _short(each, both):
        return None
    features = calibration.features_s(requests)
    heads, training = _seconds(calibration, each, both)
    alone, rest = calibration.heads_s(Work(1), source), calibration.report_s(spec.pictures)
    parts = {"features": features, "training": training, "heads": heads, "source only": alone, "report": rest}
    quicker = [Cheaper("--method coral", features + 3 * alone + rest)] if training else []
    return Estimate(parts, before_s, tuple(quicker))


def estimate_features(
    calibration: Calibration, requests: Sequence[Request], *, pictures: bool, before_s: float
) -> Estimate | None:
    """Of a verb whose work is the features of frozen stages; None where it is short.

    Args:
        calibration: measures on the data.
        requests: features that will be computed.
        pictures: whether the report has pictures.
        before_s: seconds that have passed.
    """
    if _short([], len(calibration.data)):
        return None
    parts = {"features": calibration.features_s(requests), "report": calibration.report_s(pictures)}
    return Estimate(parts, before_s, ())


def _short(work: Sequence[tuple[int, int, Work]], n: int) -> bool:
    """Whether little is trained, and of few examples; or several processes share it, whose clocks would disagree."""
    if distributed.world_size() > 1:
        return True
    passes = sum(times * t.steps * t.recipe.batch_size for _, times, w in work for t in w.trainings)
    return passes < FEW_PASSES and n < FEW


def _seconds(calibration: Calibration, work: Sequence[tuple[int, int, Work]], n: int) -> tuple[float, float]:
    """Of heads, and of trainings with the random views that they need of ``n`` examples."""
    heads = sum(times * calibration.heads_s(one, size) for size, times, one in work)
    steps = sum(times * calibration.training_s(one.trainings) for _, times, one in work)
    trainings = [training for _, _, one in work for training in one.trainings]
    return heads, steps + views_s(calibration, trainings, n)


def _planned(calibration: Calibration, work: Sequence[tuple[int, int, Work]]) -> PlannedFit:
    training = sum(times * calibration.training_s(one.trainings) for _, times, one in work)
    return PlannedFit(training, sum(times * calibration.heads_s(one, size) for size, times, one in work))
