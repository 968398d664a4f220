"""What a fit will cost before it is made: seconds by part, bytes on the disk, bytes of memory.

One :class:`.Calibration` of the data serves any number of candidates: what two of them have in common, such as a
backbone's features or a step above the same cut, is timed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jeoni.assessment.holdout import Strategy
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import cut
from jeoni.data.splits import repeats_for
from jeoni.deadline import PlannedFit
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.memory import peak_bytes
from jeoni.planning.similarity import FOLDS, MOST
from jeoni.specs import FitSpec
from jeoni.tasks import task_of
from jeoni.tasks.classification import Classification
from jeoni.training.work import FORWARD, Training, Work
from jeoni.types import Dataset

__all__ = [
    "Cost",
    "Fits",
    "cost_of",
    "disk_bytes",
    "fits_of",
    "kept_beside",
    "look_s",
    "predictions_s",
    "views_of",
    "views_s",
]

# beside a row, the store keeps the example's name in each table, and once its signature and remarks; beside all of
# them what a table is, and the manifests of its shards
NAMED, SIGNED, DESCRIBED = 72, 1024 + 2 * 72 + 16, 2048
PREDICTED = 8 * 10  # bytes of an example's predictions by a probe, in up to ten repeats, for each output


@dataclass(frozen=True)
class Fits:
    """How often a strategy is fitted, to how many examples each time.

    Attributes:
        sizes: examples to times.
    """

    sizes: Mapping[int, int]

    def work(self, strategy: Strategy, backbone: Backbone, of: int) -> list[tuple[int, int, Work]]:
        """``(examples, times, work of one fit)``; nothing of a strategy that does not say."""
        work = getattr(strategy, "work", None)
        return [] if work is None else [(n, times, work(backbone, n, of)) for n, times in self.sizes.items()]


@dataclass(frozen=True)
class Cost:
    """What a fit takes.

    Attributes:
        parts: seconds by part, in order: features, views, training, heads, controls, report.
        disk_bytes: that it adds to the feature store.
        memory_bytes: of the process at its peak, roughly.
        fits: that the strategy makes, one after the other.
        views: random views of each example that its trainings look at.
        epochs: passes over its examples of the longest training, at full length.
    """

    parts: Mapping[str, float]
    disk_bytes: int = 0
    memory_bytes: int = 0
    fits: tuple[PlannedFit, ...] = ()
    views: int = 0
    epochs: float = 0.0

    @property
    def seconds(self) -> float:
        """All parts together."""
        return sum(self.parts.values())

    def after(self, trial: PlannedFit | None) -> Cost:
        """What is left of it when the training with which the last fit begins is there already."""
        if trial is None or not self.fits:
            return self
        *others, last = self.fits
        left = max(0.0, last.training_s - trial.training_s)
        parts = {**self.parts, "training": self.parts["training"] - last.training_s + left}
        return replace(self, parts=parts, fits=(*others, replace(last, training_s=left)))

    @property
    def training_s(self) -> float:
        """The part that could be shortened."""
        return sum(fit.training_s for fit in self.fits)


def cost_of(
    calibration: Calibration,
    strategy: Strategy,
    probe: Strategy,
    backbone: Backbone,
    requests: Sequence[Request],
    spec: FitSpec,
    least: Mapping[bool, int],
    control: Request | None = None,
    looked: bool = False,
) -> Cost:
    """The cost of a fit.

    Args:
        calibration: measures on the data.
        strategy: that is fitted, as ``spec`` says.
        probe: the linear probe, of the control and beside a trained strategy.
        backbone: what is transferred from.
        requests: features that will be computed: the backbone's, and the control's behind them.
        spec: the options.
        least: examples from which on a test set is kept, for a probe (True) and for what is trained (False).
        control: of the untrained backbone, where it is run on a sample only.
        looked: whether a plan looks at that sample before, by :func:`look_s`; then its features are there.
    """
    data, trained = calibration.data, spec.strategy != "probe"
    of = len(data)
    fits = fits_of(data, spec, quick=not trained, least=least[not trained])
    work, head, dim = fits.work(strategy, backbone, of), _head(strategy), backbone.dim
    features = calibration.features_s(requests)
    trainings = [training for _, _, one in work for training in one.trainings]
    views = views_s(calibration, trainings, max((n for n, _, _ in work), default=0))
    planned = _planned(calibration, work, views, head, dim, of)
    training = sum(fit.training_s for fit in planned)
    heads = sum(fit.other_s for fit in planned) - views
    measured = sum(
        times * calibration.heads_s(one, n, _head(probe), dim, _draws(one, times))
        for n, times, one in fits.work(probe, backbone, of)
    )
    alone = len(task_of(data).parts) if trained and spec.control else 0  # each task without the others
    beside = (1 if spec.control and control is None else 0) + (1 if trained else 0)
    sampled = 0.0
    if control is not None:
        sampled = _sampled_heads_s(calibration, probe, dim, spec)
        sampled += 0.0 if looked else calibration.features_s([control], spec.control_items)
    parts = {
        "features": features,
        "views": views,
        "training": training,
        "heads": heads,
        "controls": measured * beside + alone * (training + heads) + sampled,
        "report": calibration.report_s(spec.pictures),
    }
    disk = disk_bytes(calibration, requests, trainings, max((n for n, _, _ in work), default=0))
    memory = peak_bytes(calibration, requests, trainings)
    views_each = max((training.views for training in trainings), default=0)
    epochs = max((t.recipe.steps * t.recipe.batch_size / n for n, _, some in work for t in some.trainings), default=0.0)
    return Cost(parts, disk, memory, tuple(planned), views_each, epochs)


def _sampled_heads_s(calibration: Calibration, probe: Strategy, dim: int, spec: FitSpec) -> float:
    """Heads on the features of both networks in each fold of the control's sample."""
    n = min(len(calibration.data), spec.control_items)
    inside = n - round(n / spec.folds)
    return 2 * spec.folds * calibration.heads_s(Work(heads=1), inside, _head(probe), dim, 1)


def look_s(
    calibration: Calibration,
    backbone: Backbone,
    probe: Strategy,
    spec: FitSpec,
    least: Mapping[bool, int],
    requests: Sequence[Request],
    control: Request | None,
) -> float:
    """Seconds of a plan's look at the data, in which nothing is trained: probes, and features of the control's sample.

    Sounds are far from what a backbone for pictures has seen: there the lower stages are looked at too, and the probe
    races against one of a lower stage and against the untrained network. Elsewhere that is known only after the look,
    and it is not counted.

    Args:
        calibration: measures on the data.
        backbone: what is transferred from.
        probe: the linear probe.
        spec: the options.
        least: examples from which on a test set is kept, for a probe (True) and for what is trained (False).
        requests: features that will be computed, the backbone's first.
        control: of the untrained backbone, where it is run on a sample only.
    """
    data = calibration.data
    train = max(fits_of(data, spec, quick=False, least=least[False]).sizes)
    n = min(train, MOST)
    far = backbone.input.kind == "spectrogram"
    probes = 2 + (backbone.n - 1 if far else 0)
    if isinstance(data.task, Classification):
        heads = calibration.heads_s(Work(heads=probes), n, "ridge", backbone.dim, 1)
    else:
        heads = calibration.heads_s(Work(heads=FOLDS * probes), n - round(n / FOLDS), "linear", backbone.dim, 1)
    features = calibration.features_s([control], n) if control is not None else 0.0
    if far:
        features += calibration.features_s(requests[:1], n)
        inside = train - round(train / spec.folds)
        each = sum(work.heads for _, _, work in Fits({inside: 1}).work(probe, backbone, len(data)))
        race = 2 * each + 1  # the pretrained and the untrained network, and the lower stage
        heads += calibration.heads_s(Work(heads=race * spec.folds), inside, _head(probe), backbone.dim, 1)
    return heads + features


def _planned(
    calibration: Calibration, work: Sequence[tuple[int, int, Work]], views: float, head: str, dim: int, of: int
) -> list[PlannedFit]:
    """One after the other; the first that trains computes the random views."""
    planned = []
    for n, times, one in work:
        training = calibration.training_s(one.trainings)
        other = calibration.heads_s(one, n, head, dim, _draws(one, times)) + predictions_s(calibration, one, of - n)
        planned += [PlannedFit(training, other)] * times
    if planned and views:
        planned[0] = PlannedFit(planned[0].training_s, planned[0].other_s + views)
    return planned


def _draws(work: Work, times: int) -> int:
    """How often a head's folds are drawn: once inside a fold of cross-validation; 0 is as often as examples ask for."""
    return 1 if times > 1 and not work.trainings else 0


def predictions_s(calibration: Calibration, work: Work, n: int) -> float:
    """Seconds of the examples that were not fitted to, through the stages that were trained."""
    if not work.trainings:
        return 0.0
    last = work.trainings[-1]
    return FORWARD * calibration.training_s([replace(last, steps=n / last.recipe.batch_size)])


def _head(strategy: Strategy) -> str:
    """The id of its head; empty where it has none of its own, which is then the calibration's."""
    return str(getattr(strategy, "head", ""))


def fits_of(data: Dataset, spec: FitSpec, *, quick: bool, least: int) -> Fits:
    """One fit where there is a test set, else one for each fold and one to all.

    Args:
        data: all examples.
        spec: the options.
        quick: whether folds may be drawn anew.
        least: examples from which on a test set is kept.
    """
    n, own = len(data), int((data.part == "test").sum())
    if own or n >= least:
        return Fits({n - (own or round(spec.test_fraction * n)): 1})
    repeats = spec.repeats or (repeats_for(n) if quick else 1)
    inside = n - round(n / spec.folds)
    return Fits({inside: repeats * spec.folds, n: 1})


def kept_beside(data: Dataset, tables: int, probes: int) -> int:
    """Bytes that the store keeps beside rows.

    Args:
        data: all examples.
        tables: of rows.
        probes: whose predictions are kept.
    """
    named = len(data) * (SIGNED + NAMED * tables) + DESCRIBED * (tables + 4)
    return named + probes * PREDICTED * len(data) * len(task_of(data).columns)


def views_of(trainings: Sequence[Training]) -> list[Training]:
    """One training for each set of views: those at one cut are computed once, whoever trains on them."""
    return list({(t.backbone.fingerprint, t.frozen, t.recipe.augment): t for t in trainings}.values())


def views_s(calibration: Calibration, trainings: Sequence[Training], n: int) -> float:
    """Seconds of the random views of ``n`` examples."""
    return sum(calibration.views_s(training, n) for training in views_of(trainings))


def disk_bytes(
    calibration: Calibration, requests: Sequence[Request], trainings: Sequence[Training], fitted: int
) -> int:
    """Bytes that rows and their random views add to the feature store, with what is kept beside them.

    Args:
        calibration: knows how large rows are, and which are there.
        requests: of the features of all examples.
        trainings: whose random views are kept.
        fitted: examples that they train on.
    """
    tables = sum(len(request.taps) for request in requests)
    added = calibration.features_bytes(requests) + kept_beside(calibration.data, tables, len(requests))
    for training in views_of(trainings):
        if not calibration.keeps_views(training, fitted):
            continue
        tap = cut(training.backbone, training.frozen).tap
        each = calibration.row_bytes(training.backbone, tap) + NAMED
        room = training.recipe.cache_gb * 1e9 / max(1.0, each * fitted)
        kept = min(training.views, int(room))
        added += round(fitted * each) * (kept if kept >= min(training.views, 2) else 0)
    return added
