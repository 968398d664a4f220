"""One run of a verb: its folder, console and clock, the extraction and the checks, and what is written at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from jeoni import distributed, plugins
from jeoni.backbones.architectures import SOURCES
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import check_backbone
from jeoni.data.checks import Checked, check_content, remarked, tell, without_lost_targets
from jeoni.deadline import Deadline
from jeoni.errors import ConfigError
from jeoni.features.engine import check_engine
from jeoni.features.examples import Context
from jeoni.features.executor import Executor
from jeoni.features.extract import Extraction, Request
from jeoni.features.store import FeatureStore
from jeoni.files.outputs import check_output, refuse_overlap
from jeoni.locale import Said
from jeoni.planning.calibration import Calibration
from jeoni.planning.estimate import Estimate
from jeoni.report import render
from jeoni.report.drawn import keeping
from jeoni.runs import RunFolder
from jeoni.runs.progress import begin_call, interrupt_call
from jeoni.runs.records import RunRecord
from jeoni.runs.typed import as_record
from jeoni.scaling.choose import executor_of
from jeoni.specs import CommonSpec
from jeoni.specs.written import command_line
from jeoni.types import Array, Console, Dataset, Finding, Quiet, Recording
from jeoni.verbs.session.clock import Clock
from jeoni.verbs.session.kept_charts import KeptCharts
from jeoni.verbs.session.record import run_record
from jeoni.verbs.session.took import told_at_the_end, took_by_part

__all__ = ["Prepared", "Session"]

STEPS = {
    "read": "Reading the data",
    "load": "Loading the backbone",
    "calibrate": "Estimating the time",
    "names": "Reading the class names",
    "extract": "Computing features",
    "check": "Checking the data",
    "fit": "Fitting",
    "control": "Measuring the controls",
    "stages": "Probing the stages",
    "adapt": "Adapting",
    "cluster": "Clustering",
    "pretrain": "Pretraining",
    "plan": "Planning",
    "diagnose": "Measuring the shift",
    "query": "Choosing what to label",
    "simulate": "Labelling again",
    "score": "Scoring the backbones",
    "evaluate": "Scoring",
    "pictures": "Making pictures",
    "write": "Writing the results",
    "report": "Writing the report",
}


@dataclass(frozen=True)
class Prepared:
    """Examples that were read, checked and run through the frozen stages.

    Attributes:
        data: without what nothing usable is left to train on, such as a class, but for items that may lack a label.
        seen: the extraction.
        checked: which of them can be used, and which belong together.
        findings: of all checks.
    """

    data: Dataset
    seen: Extraction
    checked: Checked
    findings: list[Finding]

    @property
    def skipped(self) -> int:
        """How many examples cannot be used."""
        return int(len(self.data) - self.checked.keep.sum())


class Session:
    """A verb's run: what is the same for all verbs.

    Args:
        verb: its name.
        spec: its options.
        console: where progress is shown; of several processes only the main one speaks.
        command: how the run was called, for the record; made of the options if left out.

    Attributes:
        verb: its name.
        spec: its options.
        command: how the run was called.
        console: keeps the warnings for the record.
        clock: seconds by step.
        estimate: how long it will take, if that was asked.
        spent: seconds inside its fits by what on, where the verb says at which moment to read them; else at its end.
        run: the run folder, once :meth:`recording` has begun.

    Raises:
        ConfigError: a device that is not there.
    """

    run: RunFolder

    def __init__(self, verb: str, spec: CommonSpec, console: Console | None = None, command: str = "") -> None:
        distributed.select_device(spec.device)
        distributed.init()
        self.verb, self.spec, self.command = verb, spec, command
        self.console = Recording(console if console is not None and distributed.is_main_process() else Quiet())
        self.clock = Clock()
        self.estimate: Estimate | None = None
        self.spent: dict[str, float] | None = None
        self._calibration: Calibration | None = None

    def check(self, out: str | Path | None = None, *, overwrite: bool = False, resume: bool = False) -> None:
        """Say what can be said before anything is read: of the engine, the backbone and the run folder.

        Args:
            out: the run folder, if it was named.
            overwrite: replace a run that is there.
            resume: continue it.

        Raises:
            ConfigError: an engine that is unknown or not installed; a folder that is taken; a budget for several
                processes, whose clocks would disagree.
            WeightsError: an unknown backbone, or no such weights file.
            MissingExtra: the package with the weights is not installed.
        """
        check_engine(self.spec.engine)
        executor_of(self.spec)  # connects: that nobody answers is said now
        if getattr(self.spec, "budget_s", None) is not None and distributed.world_size() > 1:
            raise ConfigError(Said("budget.several_processes", n=f"{distributed.world_size()}"))
        for backbone in getattr(self.spec, "backbones", (self.spec.backbone,)):
            check_backbone(backbone, self.spec.weights)
        if out and not resume and self.is_main:
            RunFolder.refuse_taken(Path(out), overwrite)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say what is done inside, and count its seconds."""
        with self.console.status(STEPS.get(name, name.capitalize())), self.clock.step(name):
            yield

    def calibration(
        self, dataset: Dataset, backbone: Backbone, head: str = "linear", by_stages: bool = False
    ) -> Calibration:
        """Something that measures what the run's parts take; what it computes of features counts as the run's."""
        self._calibration = Calibration(dataset, self.context, backbone.dim, head, by_stages)
        return self._calibration

    def tell(self, estimate: Estimate | None) -> None:
        """Keep an estimate for the record, and say it if the run will be long."""
        if estimate is not None:
            estimate = replace(estimate, before_s=self.passed_s)  # measuring took its time too
        self.estimate = estimate
        if estimate is not None and estimate.worth_telling:
            self.console.say(estimate.sentence)

    @property
    def passed_s(self) -> float:
        """Seconds since the run began."""
        return self.clock.total()["total_s"]

    @contextmanager
    def recording(
        self, inputs: dict[str, Any], folder: str | Path, *, overwrite: bool = False, resume: bool = False
    ) -> Iterator[None]:
        """Open the run folder for what is done inside, and wait for all processes at the end.

        Where it fails, the main process removes the folder, or keeps it for ``--resume``. Time and warnings continue
        those of the calls that were interrupted before.

        Args:
            inputs: what the verb reads, by argument; Paths, strings, or what is in memory.
            folder: the run folder.
            overwrite: replace a run that is there.
            resume: continue the interrupted run that is there.

        Raises:
            ConfigError: as :meth:`RunFolder.begin`, or the folder is an input of the run, contains or lies in one.
            StorageError: it cannot be written.
        """
        self.run = self._open(Path(folder), inputs, overwrite, resume)
        if not self.is_main:
            yield
            distributed.barrier()
            return
        earlier = begin_call(self.run)
        self.clock.calls, self.clock.earlier = earlier.calls + 1, earlier.timings
        warnings = self.console.warnings
        warnings[:0] = [text for text in earlier.warnings if text not in warnings]
        with self.run.discarded_on_failure(self.console.warn, self.verb):
            try:
                yield
            except BaseException:
                interrupt_call(self.run, self.clock.calls, self.clock.total(), warnings)
                raise
        distributed.barrier()

    def _open(self, path: Path, inputs: dict[str, Any], overwrite: bool, resume: bool) -> RunFolder:
        """The folder, made by the main process; the others are told where it is, and read checkpoints there.

        What was asked for is kept in it, so that it can be asked for again; inputs that are in memory only are null.
        """
        run = RunFolder(path)
        if self.is_main:
            refuse_overlap(check_output(path), self._paths_read(inputs))
            again = {name: str(given) if isinstance(given, (str, Path)) else None for name, given in inputs.items()}
            asked = {"verb": self.verb, "inputs": again, "command": self.command, "spec": asdict(self.spec)}
            run = RunFolder.begin(path, asked, overwrite, resume)
        if distributed.world_size() == 1:
            return run
        places = distributed.broadcast_object((str(run.path.absolute()), str(run.final.absolute())))
        return RunFolder(*map(Path, places))

    def _paths_read(self, inputs: dict[str, Any]) -> dict[str, str | Path]:
        """All that a run may read from, by what it is; some may be names of something else than a file."""
        read_from = {name: given.origin if isinstance(given, Dataset) else given for name, given in inputs.items()}
        read_from |= {"test set": getattr(self.spec, "test", ""), "weights": self.spec.weights}
        read_from["labelled data"] = getattr(self.spec, "probe", "")
        source, _, rest = self.spec.backbone.partition(":")
        read_from["backbone"] = rest if source in plugins.names(SOURCES) else self.spec.backbone
        return {name: given for name, given in read_from.items() if isinstance(given, (str, Path)) and str(given)}

    @property
    def is_main(self) -> bool:
        """Whether this process writes the run."""
        return distributed.is_main_process()

    @cached_property
    def context(self) -> Context:
        """Where and how the run computes."""
        spec, folder = self.spec, getattr(self, "run", None)
        store = FeatureStore(console=self.console)
        checkpoints = folder.checkpoints if folder else None
        budget_s, deadline = getattr(spec, "budget_s", None), None
        if budget_s is not None:
            deadline = Deadline(budget_s, self.clock.earlier.get("total_s", 0.0), self.clock.start)
        return Context(
            store,
            spec.engine,
            spec.workers or 0,
            spec.strict,
            spec.seed,
            self.console,
            checkpoints,
            deadline=deadline,
            decoding=spec.decoding,
            executor=self.executor,
        )

    @cached_property
    def executor(self) -> Executor | None:
        """Other processes that run the frozen stages, reached; None where none are asked for."""
        return executor_of(self.spec)

    def prepare(
        self, dataset: Dataset, requests: Sequence[Request], findings: list[Finding], may_lack: Array | None = None
    ) -> Prepared:
        """Extract, then check, and tell what was found.

        Args:
            dataset: as it was read.
            requests: what must be in the store.
            findings: of the checks of labels.
            may_lack: ``(n,)`` bool: items that are used without a label; then nothing is left out.

        Raises:
            DataError: too little is left to learn from.
        """
        with self.step("extract"):
            seen = self.context.extract(dataset.items, requests)
            if self._calibration is not None:
                computed, seconds = self._calibration.computed, self._calibration.seconds
                seen = replace(seen, computed=seen.computed + computed, seconds=seen.seconds + seconds)
        with self.step("check"):
            leaks = self.spec.keep_leaks
            checked = check_content(
                dataset, seen.digests, seen.signatures, seen.near, seen.readable, seen.errors, leaks, may_lack
            )
            known = [*dataset.findings, *remarked(dataset.items, seen.remarks), *findings]
            tell([*known, *checked.findings], self.console)
            if may_lack is None:
                before = len(checked.findings)
                dataset, checked = without_lost_targets(dataset, checked)
                tell(checked.findings[before:], self.console)
        return Prepared(dataset, seen, checked, [*known, *checked.findings])

    def with_rows(self, ready: Prepared, requests: Sequence[Request]) -> Prepared:
        """The same examples with more of their rows in the store; nothing is done where all are there.

        Args:
            ready: the examples, read and checked.
            requests: what must be in the store.
        """
        if all(ready.seen.holds(one.backbone, tap) for one in requests for tap in one.taps):
            return ready
        with self.step("extract"):
            seen = self.context.extract(ready.data.items, requests)
        computed, seconds = ready.seen.computed + seen.computed, ready.seen.seconds + seen.seconds
        return replace(ready, seen=replace(seen, computed=computed, seconds=seconds))

    def _estimate_and_outcome(self) -> dict[str, Any] | None:
        """The estimate, with what the run took so far beside it."""
        if self.estimate is None:
            return None
        spent = self.spent if self.spent is not None else self.context.spent.seconds
        took = took_by_part(self.estimate.parts, self.clock.total(), spent)
        return replace(self.estimate, took=took).as_dict()

    @contextmanager
    def optional(self, what: str) -> Iterator[None]:
        """Warn where what is done inside fails, and no more: a picture is no reason to lose a result."""
        try:
            yield
        except Exception as error:  # of drawing, encoding and foreign networks: any
            self.console.warn(f"{what} could not be made: {type(error).__name__}: {error}")

    def finish(
        self,
        ready: Prepared,
        backbone: Backbone,
        counts: dict[str, int],
        arguments: Sequence[str | Dataset],
        **own: Any,
    ) -> RunRecord:
        """Write ``run.json`` and the report, and move the folder to its place.

        Args:
            ready: the examples.
            backbone: what was transferred from.
            counts: of examples, by what became of them.
            arguments: of the verb, for the command that repeats the run.
            own: fields of the record that this verb fills.
        """
        command = self.command or command_line(
            self.spec, self.verb, *(word if isinstance(word, str) else word.origin or word.name for word in arguments)
        )
        seen, warnings = ready.seen, self.console.warnings
        content = run_record(command, self.spec, ready.data, counts, backbone, seen, self.clock, warnings, own)
        content["estimate"] = self._estimate_and_outcome()
        self.run.write_draft(content)
        limited = getattr(self.spec, "disk_bytes", None) is not None
        with self.step("report"), nullcontext() if limited else keeping(KeptCharts(self.context.store)):
            render(self.run.path, self.spec.language)
        content["timings"] = {**content["timings"], **self.clock.total()}
        content["estimate"] = self._estimate_and_outcome()
        told = told_at_the_end(self.passed_s, self.estimate, getattr(self.spec, "budget_s", None))
        if told is not None:
            self.console.say(told)
        record = as_record(RunRecord, content, exact=False)
        self.run.finish(content, self.console.warn)
        return record
