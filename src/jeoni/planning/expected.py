"""What a candidate of a race will take: one fold, and the whole fit."""

from __future__ import annotations

from collections.abc import Callable

from jeoni.backbones.cut import Tap
from jeoni.data.splits import repeats_for
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.candidates import Candidate, NamedBackbone
from jeoni.planning.plan import Expected
from jeoni.specs import FitSpec
from jeoni.training.work import Work

__all__ = ["expected_by"]


def expected_by(
    calibration_of: Callable[[NamedBackbone], Calibration], spec: FitSpec, train: int, of: int, *, tested: bool
) -> Expected:
    """Seconds of candidates from calibrations.

    Args:
        calibration_of: one per backbone.
        spec: the options of the fit.
        train: examples that are learned from.
        of: examples of the whole data set.
        tested: whether a test set is kept, so that the whole fit is a single one.
    """

    def expected(candidate: Candidate) -> tuple[float, float]:
        calibration = calibration_of(candidate.source)
        strategy, backbone = candidate.strategy(spec), candidate.source.backbone
        work_of: Callable[..., Work] = getattr(strategy, "work", lambda *_: Work())
        inside = round(train * (1 - 1 / spec.folds))
        once = 0.0
        if candidate.trains:
            taps = [tap for tap in strategy.taps(backbone, of) if tap != Tap(backbone.n, True)]
            once += calibration.features_s([Request(backbone, tuple(taps))]) if taps else 0.0
            once += sum(calibration.views_s(one, of) for one in work_of(backbone, inside, of).trainings[:1])
        fold = _fit_s(calibration, work_of(backbone, inside, of), inside)
        whole = _fit_s(calibration, work_of(backbone, train, of), train)
        quick_repeats = spec.repeats or (1 if candidate.trains else repeats_for(train))
        fits = whole if tested else whole + fold * spec.folds * quick_repeats
        return fold + once / spec.folds, fits + once + calibration.report_s(spec.pictures)

    return expected


def _fit_s(calibration: Calibration, work: Work, n: int) -> float:
    return calibration.heads_s(work, n) + calibration.training_s(work.trainings)
