"""A few seconds of the real work, timed: features of some examples, a few steps of each kind of training, one head.

What is computed of features stays in the store, and engines that were compiled are used again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from jeoni.backbones.cut import Tap, cut
from jeoni.data.splits import build_folds, repeats_for
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Extraction, Request
from jeoni.heads.fitting.named import build_head
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup, run_on
from jeoni.tasks import strata_of, task_of
from jeoni.training.optimizer import load_compiler
from jeoni.training.work import Training, Work
from jeoni.types import Dataset, IntArray, Quiet

__all__ = ["Calibration"]

STEPS = 3  # of a training that are timed, after one that warms up
PATIENCE_S = 4.0  # a warm-up that takes longer is the measurement itself
HEAD_ROWS = 500
# on a quiet machine of two cores: three decompositions of a square matrix, and what a report takes there
SIDE, QUIET_S, REPORT_S, PICTURES_S = 300, 0.12, 3.0, 7.0
SLOWEST = 6.0  # times as long as on a quiet machine


@dataclass
class Calibration:
    """Measures what a run's parts take; each is measured once, when it is first asked for.

    Args:
        data: all examples; those without a label take no part in trainings.
        context: store, engine, threads, seed.
        dim: columns of the pooled features.
        head: the head's id.

    Attributes:
        computed: examples whose features were computed on the way.
        seconds: that this took.
    """

    data: Dataset
    context: Context
    dim: int
    head: str = "linear"
    computed: int = 0
    seconds: float = 0.0
    _steps: dict[tuple[object, ...], float] = field(default_factory=dict, repr=False)
    _views: dict[tuple[object, ...], float] = field(default_factory=dict, repr=False)
    _heads: dict[int, float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.context.seed)
        self._order: IntArray = rng.permutation(len(self.data))
        self._quiet = replace(self.context, console=Quiet(), checkpoints=None)

    def features_s(self, requests: Sequence[Request], most: int | None = None) -> float:
        """Seconds that all examples take, or ``most`` of them; what is in the store takes next to nothing.

        A first handful compiles the engine, a second one is timed.
        """
        n = len(self.data) if most is None else min(most, len(self.data))
        first, second = self._handfuls(requests[0])
        self._extracted(first, requests)
        taken, _ = self._extracted(second, requests)
        return taken / max(1, len(second)) * max(0, n - len(first) - len(second))

    def views_s(self, training: Training, n: int) -> float:
        """Seconds that the random views of ``n`` examples take."""
        if not training.views:
            return 0.0
        tap = cut(training.backbone, training.frozen).tap
        policy = training.recipe.augment
        key = (training.backbone.fingerprint, tap, policy)
        if key not in self._views:
            requests = [Request(training.backbone, (tap,), (1,), policy)]
            first, second = self._handfuls(requests[0])
            self._extracted(first, requests)
            self._views[key] = self._extracted(second, requests)[0] / max(1, len(second))
        return self._views[key] * training.views * n

    def training_s(self, trainings: Iterable[Training]) -> float:
        """Seconds of the steps of all trainings."""
        return sum(self._step_s(training) * training.steps for training in trainings)

    def heads_s(self, work: Work, n: int) -> float:
        """Seconds of fitting heads to ``n`` rows."""
        return work.heads * self._head_s(n) if work.heads else 0.0

    def report_s(self, pictures: bool) -> float:
        """Seconds of scoring, of pictures if there are any, and of the report, on a machine that is now so busy."""
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            np.linalg.svd(np.random.default_rng(0).normal(size=(SIDE, SIDE)))
            taken.append(time.perf_counter() - start)
        # the quickest: threads that wait for each other on busy cores can take forty times as long now and then
        slower = min(SLOWEST, 3 * min(taken) / QUIET_S)
        return slower * (REPORT_S + (PICTURES_S if pictures else 0.0))

    def _handfuls(self, request: Request) -> tuple[IntArray, IntArray]:
        """Examples to compile an engine with, and others that keep all threads busy twice."""
        chunk = request.backbone.input.chunk
        threads = self.context.threads
        return self._order[:chunk], self._order[chunk : chunk * (1 + 2 * threads)]

    def _extracted(self, index: IntArray, requests: Sequence[Request]) -> tuple[float, Extraction]:
        start = time.perf_counter()
        seen = self._quiet.extract(self.data.items.select(index), requests)
        taken = time.perf_counter() - start
        self.computed, self.seconds = self.computed + seen.computed, self.seconds + taken
        return taken, seen

    def _step_s(self, training: Training) -> float:
        if training.kind not in self._steps:
            self._steps[training.kind] = self._timed_step(training)
        return self._steps[training.kind]

    def _timed_step(self, training: Training) -> float:
        """The mean of a few steps of the true size, of a training that is then thrown away."""
        recipe = replace(training.recipe, augment="none", views=0, patience=0)
        config = FinetuneConfig("", training.frozen, warm_head=False, train_statistics=training.statistics)
        examples = self._batch(training)

        def seconds(steps: int) -> float:
            some = replace(recipe, steps=steps)
            backbone = training.backbone
            setup = TrainingSetup(backbone, backbone, self._quiet, some, config, self.head, "none")
            return run_on(setup, examples, None).history.seconds

        load_compiler()
        warm = seconds(1)
        if warm > PATIENCE_S:
            return warm
        return max(1e-6, seconds(1 + STEPS) - seconds(1)) / STEPS

    def _batch(self, training: Training) -> Examples:
        """As many labelled examples as a step has, with their rows at the cut in the store."""
        known = np.flatnonzero(task_of(self.data).known(self.data.targets))
        mixed = self._order[np.isin(self._order, known)][: training.recipe.batch_size]
        tap = cut(training.backbone, training.frozen).tap
        _, seen = self._extracted(mixed, [Request(training.backbone, tuple({tap, Tap(training.backbone.n, True)}))])
        index = np.resize(np.flatnonzero(seen.readable), training.recipe.batch_size)
        folds = np.zeros((1, len(index)), dtype=np.int64)
        return Examples(self.data.select(mixed[index]), np.arange(len(index)), seen, index, folds)

    def _head_s(self, n: int) -> float:
        """Of a head on ``n`` rows that lie about their classes; of many, a part is timed."""
        repeats, rows = repeats_for(n), min(n, HEAD_ROWS)
        if rows not in self._heads:
            self._heads[rows] = self._timed_head(rows, repeats)
        return self._heads[rows] * n / rows

    def _timed_head(self, n: int, repeats: int) -> float:
        task = task_of(self.data)
        known = np.flatnonzero(task.known(self.data.targets))
        some = np.sort(self._order[np.isin(self._order, known)][:n])
        data = self.data.select(some)
        rng, strata, dim = np.random.default_rng(0), strata_of(data), self.dim
        centres = rng.normal(size=(int(strata.max()) + 1, dim))
        rows = (0.3 * centres[strata] + rng.normal(size=(len(some), dim))).astype(np.float32)
        clusters = np.arange(len(some))
        folds = build_folds(strata, clusters, 5, repeats, 0)
        start = time.perf_counter()
        build_head(self.head).fit(rows, data.targets, task, folds, "none", clusters)
        return time.perf_counter() - start
