"""A few seconds of the real work, timed: features of some examples, a few steps of each kind of training, one head.

What is computed of features stays in the store, and engines that were compiled are used again.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from jeoni import distributed
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.data.splits import build_folds, repeats_for
from jeoni.deadline import Spent
from jeoni.features.decoding import processes_pay
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Extraction, Request
from jeoni.heads.fitting.named import build_head
from jeoni.planning.stage_cost import StageCost, stage_cost
from jeoni.planning.timings import Timings
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup, run_on
from jeoni.tasks import strata_of, task_of
from jeoni.training.optimizer import load_compiler
from jeoni.training.rows import row_bytes
from jeoni.training.staging import ViewCosts
from jeoni.training.work import Training, Work
from jeoni.types import Dataset, FloatArray, IntArray, Quiet

__all__ = ["Calibration"]

STEPS = 3  # of a training that are timed, after one that warms up
PATIENCE_S = 4.0  # after a warm-up that takes longer, one step is timed and not three
SLOW_S = 15.0  # a warm-up that takes longer than this is the measurement itself
HEAD_ROWS, WARM_ROWS = 500, 60
DIRECTIONS = 20  # of made-up features: heads on them take as long as on those of photos, reviews and spoken digits
TIMED_S = 1.0  # of features, at least, where there are so many examples
NEAR = 1.5  # numbers of rows that differ by no more are told from each other
# on a quiet machine of two cores: three decompositions of a square matrix, and what a report takes there
SIDE, QUIET_S, REPORT_S, PICTURES_S = 300, 0.12, 3.0, 7.0
WORDS_S = 20.0  # what words weigh is told by leaving each out
SLOWEST = 6.0  # times as long as on a quiet machine


@dataclass(frozen=True)
class Handful:
    """What computing the features of a few examples came to.

    Attributes:
        examples: how many were computed, those that compiled the engine among them.
        seconds: of one.
        lacking: the share of them that were not in the store.
        sizes: bytes of one row by backbone and tap.
        took: seconds of all of it, the compiling of an engine among them.
    """

    examples: int
    seconds: float
    lacking: float
    sizes: Mapping[tuple[str, Tap], float]
    took: float = 0.0

    @property
    def row_bytes(self) -> float:
        """Of one example, all taps together."""
        return sum(self.sizes.values())


@dataclass
class Calibration:
    """Measures what a run's parts take; each is measured once, when it is first asked for, however many candidates ask.

    Args:
        data: all examples; those without a label take no part in trainings.
        context: store, engine, threads, seed.
        dim: columns of the pooled features.
        head: the head's id.
        by_stages: where a step above one cut of a backbone was timed, those above other cuts are told by the stages'
            own times: for many candidates, and a little less exact.
        timings: steps that were timed in earlier runs, which are not timed again; None times all of them.

    Attributes:
        computed: examples whose features were computed on the way.
        seconds: that this took.
        prices: seconds of a step by the kind of training, of those that were timed.
        activations: bytes that one example's activations and its row take, by backbone and cut, of those measured.
    """

    data: Dataset
    context: Context
    dim: int
    head: str = "linear"
    by_stages: bool = False
    timings: Timings | None = None
    computed: int = 0
    seconds: float = 0.0
    prices: dict[Hashable, float] = field(default_factory=dict, repr=False)
    activations: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict, repr=False)
    _rows: dict[tuple[tuple[object, ...], ...], Handful] = field(default_factory=dict, repr=False)
    _timed: list[Training] = field(default_factory=list, repr=False)
    _stages: dict[str, StageCost] = field(default_factory=dict, repr=False)
    _views: dict[tuple[object, ...], float] = field(default_factory=dict, repr=False)
    _heads: dict[tuple[str, int, int, int], float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.context.seed)
        self._order: IntArray = rng.permutation(len(self.data))
        self._quiet = replace(self.context, console=Quiet(), checkpoints=None, deadline=None, spent=Spent())

    def features_s(self, requests: Sequence[Request], most: int | None = None) -> float:
        """Seconds that all examples take, or ``most`` of them; what is in the store takes next to nothing.

        A first handful compiles the engine, a second one is timed, or a third and larger one where that was soon done.
        """
        n = len(self.data) if most is None else min(most, len(self.data))
        handful = self._handful(requests)
        return handful.seconds * max(0, n - handful.examples)

    def features_bytes(self, requests: Sequence[Request]) -> int:
        """Bytes that the rows of all examples will add to the store; what is there adds nothing."""
        handful = self._handful(requests)
        return round(handful.lacking * handful.row_bytes * len(self.data))

    def row_bytes(self, backbone: Backbone, tap: Tap) -> float:
        """The mean size of a row, as it was measured; of one that no request asked for, as long as rows can be."""
        for handful in self._rows.values():
            if (backbone.fingerprint, tap) in handful.sizes:
                return handful.sizes[backbone.fingerprint, tap]
        return row_bytes(backbone, tap)

    def _handful(self, requests: Sequence[Request]) -> Handful:
        """Measured once: afterwards the examples are in the store, and nothing would be left to time."""
        key = tuple((r.backbone.fingerprint, r.taps, r.views, r.policy) for r in requests)
        for known, handful in self._rows.items():
            if set(key) < set(known):  # backbones of a kind share the time alike
                own = {r.backbone.fingerprint for r in requests}
                sizes = {spot: size for spot, size in handful.sizes.items() if spot[0] in own}
                return replace(handful, seconds=handful.seconds * len(key) / len(known), sizes=sizes)
        if key not in self._rows:
            before = self.seconds
            first, few, more = self._handfuls(requests[0])
            _, begun = self._extracted(first, requests)
            count, computed = len(first), begun.computed
            for timed in (few, more):
                taken, seen = self._extracted(timed, requests)
                count, computed = count + len(timed), computed + seen.computed
                if taken > TIMED_S or not len(more):
                    break
            # threads, tables and shards cost the same whatever the number of examples: not to be multiplied by it
            fixed, _ = self._extracted(timed[:1], requests)
            each = max(0.0, taken - fixed) / max(1, len(timed))
            lacking = computed / max(1, count)
            self._rows[key] = Handful(count, each, lacking, _sizes(begun, requests), self.seconds - before)
        return self._rows[key]

    def views_s(self, training: Training, n: int) -> float:
        """Seconds that the random views of ``n`` examples take beside the steps that look at them."""
        if not training.views:
            return 0.0
        costs, passes = self.view_costs(training), _passes(training, n)
        if self.keeps_views(training, n):
            return costs.kept_s(n, training.views, passes)
        return costs.live_s(n, passes)

    def keeps_views(self, training: Training, n: int) -> bool:
        """Whether the random views of ``n`` examples will be written to the store before the training."""
        if cut(training.backbone, training.frozen).tap.stage > 0:
            return True
        return self.view_costs(training).keeps(n, training.views, _passes(training, n))

    def view_costs(self, training: Training) -> ViewCosts:
        """What one random view takes; to write it is part of what is timed."""
        tap = cut(training.backbone, training.frozen).tap
        policy = training.recipe.augment
        key = (training.backbone.fingerprint, tap, policy)
        if key not in self._views:
            requests = [Request(training.backbone, (tap,), (1,), policy)]
            first, second, _ = self._handfuls(requests[0])
            self._extracted(first, requests)
            taken, fixed = (self._extracted(some, requests)[0] for some in (second, second[:1]))
            self._views[key] = max(0.0, taken - fixed) / max(1, len(second))
        hidden = distributed.device().type != "cpu" and tap.stage == 0  # behind the steps of a GPU
        step_s = self._step_s(training) / training.recipe.batch_size if hidden else 0.0
        return ViewCosts(self._views[key], step_s=step_s)

    def training_s(self, trainings: Iterable[Training]) -> float:
        """Seconds of the steps of all trainings."""
        return sum(self._step_s(training) * training.steps for training in trainings)

    def least_s(self, training: Training, share: float) -> float:
        """Seconds that it takes at the least to time a step of a training, and to make this share of all its steps.

        Nothing is timed for that: it is told by what the backbone's features took, if any were computed here. A step
        computes the stages above the cut forward and, which takes twice as long, backward.
        """
        backbone, cost = training.backbone, self.stage_cost(training.backbone)
        known = [one for key, one in self._rows.items() if backbone.fingerprint in {entry[0] for entry in key}]
        if not known or not cost.above(0):
            return 0.0
        example_s = 3 * known[0].seconds * cost.above(training.frozen) / cost.above(0)
        return known[0].took + share * training.steps * training.recipe.batch_size * example_s

    def heads_s(self, work: Work, n: int, head: str = "", dim: int = 0, repeats: int = 0) -> float:
        """Seconds of fitting heads to ``n`` rows.

        Args:
            work: how many.
            n: rows.
            head: its id, where it is another one.
            dim: columns, where it is another number.
            repeats: how often the folds that decide its choices are drawn; 0 is as often as ``n`` asks for.
        """
        if not work.heads:
            return 0.0
        return work.heads * self._head_s(n, head or self.head, dim or self.dim, repeats or repeats_for(n))

    def report_s(self, pictures: bool) -> float:
        """Seconds of scoring, of pictures if there are any, and of the report, on a machine that is now so busy."""
        shown = WORDS_S if self.data.modality == "text" else PICTURES_S
        return self._slower() * (REPORT_S + (shown if pictures else 0.0))

    def _slower(self) -> float:
        """Times as slow as a quiet machine of two cores this one is now."""
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            np.linalg.svd(np.random.default_rng(0).normal(size=(SIDE, SIDE)))
            taken.append(time.perf_counter() - start)
        # the quickest: threads that wait for each other on busy cores can take forty times as long now and then
        return min(SLOWEST, 3 * min(taken) / QUIET_S)

    def _handfuls(self, request: Request) -> tuple[IntArray, IntArray, IntArray]:
        """Examples to compile an engine with, others that keep all threads busy twice, and four times as many."""
        chunk = request.backbone.input.chunk
        warm, few = chunk, chunk * (1 + 2 * self.context.threads)
        return self._order[:warm], self._order[warm:few], self._order[few : few + 4 * (few - warm)]

    def _extracted(self, index: IntArray, requests: Sequence[Request]) -> tuple[float, Extraction]:
        inputs = [request.backbone.input for request in requests]
        # a handful alone would be decoded by threads, whatever decodes all of them
        processes = processes_pay(inputs, len(self.data), self.context.threads, self.context.decoding)
        context = replace(self._quiet, decoding="processes" if processes else "threads")
        start = time.perf_counter()
        seen = context.extract(self.data.items.select(index), requests)
        taken = time.perf_counter() - start
        self.computed, self.seconds = self.computed + seen.computed, self.seconds + taken
        return taken, seen

    def _step_s(self, training: Training) -> float:
        if training.kind not in self.prices:
            told = self._told_by_stages(training) if self.by_stages else None
            self.prices[training.kind] = self._known_step(training) if told is None else told
            if told is None:
                self._timed.append(training)
        return self.prices[training.kind]

    def stage_cost(self, backbone: Backbone) -> StageCost:
        """Seconds of an example in each stage."""
        if backbone.fingerprint not in self._stages:
            self._stages[backbone.fingerprint] = stage_cost(backbone)
        return self._stages[backbone.fingerprint]

    def _told_by_stages(self, training: Training) -> float | None:
        """From a step that was timed above another cut; None where there is none that is alike in all else."""
        for timed in self._timed:
            alike = replace(training, frozen=timed.frozen).kind == timed.kind
            if alike and self.stage_cost(timed.backbone).tells(timed.frozen):
                cost = self.stage_cost(timed.backbone)
                return cost.step_s(self.prices[timed.kind], at=timed.frozen, frozen=training.frozen)
        return None

    def _known_step(self, training: Training) -> float:
        """Timed now, or in an earlier run on the same examples, by how busy the machine was then and is now."""
        if self.timings is None:
            return self._timed_step(training)
        items, mixed = self.data.items, self._mixed(training)
        what = (*training.kind, self.head, *((items.name(int(k)), items.size(int(k))) for k in mixed))
        known, slower = self.timings.find(what), self._slower()
        if known is not None:
            return known.seconds * slower / known.slower
        seconds = self._timed_step(training)
        self.timings.keep(what, seconds, slower)
        return seconds

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
        if warm > SLOW_S:
            return warm
        steps = STEPS if warm <= PATIENCE_S else 1
        return min(warm, max(1e-6, seconds(1 + steps) - seconds(1)) / steps)

    def _mixed(self, training: Training) -> IntArray:
        """The labelled examples of a step that is timed."""
        known = np.flatnonzero(task_of(self.data).known(self.data.targets))
        return self._order[np.isin(self._order, known)][: training.recipe.batch_size]

    def _batch(self, training: Training) -> Examples:
        """As many labelled examples as a step has, with their rows at the cut in the store."""
        mixed = self._mixed(training)
        tap = cut(training.backbone, training.frozen).tap
        _, seen = self._extracted(mixed, [Request(training.backbone, tuple({tap, Tap(training.backbone.n, True)}))])
        index = np.resize(np.flatnonzero(seen.readable), training.recipe.batch_size)
        folds = np.zeros((1, len(index)), dtype=np.int64)
        return Examples(self.data.select(mixed[index]), np.arange(len(index)), seen, index, folds)

    def _head_s(self, n: int, head: str, dim: int, repeats: int) -> float:
        """Of a head on ``n`` rows that lie about their classes; of many, a part is timed, and of about as many as were
        timed before, nothing is."""
        rows = min(n, HEAD_ROWS)
        near = (known for known in self._heads if rows / NEAR <= known[2] <= NEAR * rows)
        rows = next((known[2] for known in near if known == (head, dim, known[2], repeats)), rows)
        key = (head, dim, rows, repeats)
        if key not in self._heads:
            if not any(known[0] == head for known in self._heads):
                self._timed_head(min(n, WARM_ROWS), 1, head, dim)  # what it imports is imported once
            self._heads[key] = self._timed_head(rows, repeats, head, dim)
        return self._heads[key] * n / rows

    def _timed_head(self, n: int, repeats: int, head: str, dim: int) -> float:
        task = task_of(self.data)
        known = np.flatnonzero(task.known(self.data.targets))
        some = np.sort(self._order[np.isin(self._order, known)][:n])
        data = self.data.select(some)
        rng, strata = np.random.default_rng(0), strata_of(data)
        rows = _like_features(strata, dim, rng)
        clusters = np.arange(len(some))
        folds = build_folds(strata, clusters, 5, repeats, 0)
        start = time.perf_counter()
        build_head(head).fit(rows, data.targets, task, folds, "none", clusters)
        return time.perf_counter() - start


def _like_features(strata: IntArray, dim: int, rng: np.random.Generator) -> FloatArray:
    """Made-up rows ``(n, dim)`` of classes: as in features, a few directions hold most of the variance.

    A head is fitted far sooner to rows that vary alike in all directions.
    """
    lengths = np.arange(1, DIRECTIONS + 1) ** -0.5
    centres = 0.7 * rng.normal(size=(int(strata.max()) + 1, DIRECTIONS))
    places = (centres[strata] + rng.normal(size=(len(strata), DIRECTIONS))) * lengths
    rows = places @ rng.normal(size=(DIRECTIONS, dim))
    rows = rows / rows.std() + 0.3 * rng.normal(size=rows.shape)
    made: FloatArray = rows.astype(np.float32)
    return made


def _passes(training: Training, n: int) -> float:
    """Over so many examples, at the training's full length."""
    return training.recipe.steps * training.recipe.batch_size / max(1, n)


def _sizes(seen: Extraction, requests: Sequence[Request]) -> dict[tuple[str, Tap], float]:
    """Mean bytes of a row by backbone and tap, of the examples that could be read."""
    readable = np.flatnonzero(seen.readable)
    if not len(readable):
        return {}
    return {
        (r.backbone.fingerprint, tap): seen.features(r.backbone, tap, readable, r.views[0]).nbytes / len(readable)
        for r in requests
        for tap in r.taps
    }
