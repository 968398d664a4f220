"""From what the user hands over to checked examples whose features are in the store: what all verbs begin with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from jeoni import plugins, processes
from jeoni.assess import Strategy
from jeoni.backbones.architectures import SOURCES
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.checks import Checked, check_content, remarked, tell, without_lost_targets
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.errors import ConfigError
from jeoni.features.engine import check_engine
from jeoni.features.examples import Context
from jeoni.features.extract import Extraction, Request
from jeoni.heads.fitting.named import build_head, named_head
from jeoni.outputs import check_output, refuse_overlap
from jeoni.progress import begin_call, interrupt_call
from jeoni.runs import RunFolder
from jeoni.settings import configured, settings_of, write_settings
from jeoni.spec import AUTO, FitSpec
from jeoni.tasks import read_targets
from jeoni.types import Array, Console, Dataset, Finding, Quiet, Recording

__all__ = [
    "Clock",
    "Prepared",
    "backbone_for",
    "begin_run",
    "build_strategy",
    "check_training",
    "columns_of",
    "floor_of",
    "guarded",
    "harmless",
    "heard",
    "prepare",
    "read",
    "suited",
    "taps_of",
]


class Clock:
    """Seconds by step.

    Attributes:
        calls: of the run; more than one where it was interrupted and resumed.
        earlier: seconds by step of the calls before this one.
    """

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.seconds: dict[str, float] = {}
        self.calls = 1
        self.earlier: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what is done inside."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[f"{name}_s"] = self.seconds.get(f"{name}_s", 0.0) + time.perf_counter() - begin

    def total(self) -> dict[str, float]:
        """All steps of all calls, and the time since the clock was made and that of earlier calls."""
        whole = {**self.seconds, "total_s": time.perf_counter() - self.start}
        steps = dict.fromkeys([*self.earlier, *whole])
        return {k: round(self.earlier.get(k, 0.0) + whole.get(k, 0.0), 3) for k in steps}


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


def prepare(
    dataset: Dataset,
    requests: Sequence[Request],
    findings: list[Finding],
    spec: FitSpec,
    context: Context,
    clock: Clock,
    may_lack: Array | None = None,
) -> Prepared:
    """Extract, then check, and tell what was found.

    Args:
        dataset: as it was read.
        requests: what must be in the store.
        findings: of the checks of labels.
        spec: says what to do with leaks.
        context: where to compute.
        clock: counts ``extract`` and ``check``.
        may_lack: ``(n,)`` bool: items that are used without a label; then nothing is left out.

    Raises:
        DataError: too little is left to learn from.
    """
    with clock.step("extract"):
        seen = context.extract(dataset.items, requests)
    with clock.step("check"):
        checked = check_content(
            dataset, seen.digests, seen.signatures, seen.near, seen.readable, seen.errors, spec.keep_leaks, may_lack
        )
        known = [*dataset.findings, *remarked(dataset.items, seen.remarks), *findings]
        tell([*known, *checked.findings], context.console)
        if may_lack is None:
            before = len(checked.findings)
            dataset, checked = without_lost_targets(dataset, checked)
            tell(checked.findings[before:], context.console)
    return Prepared(dataset, seen, checked, [*known, *checked.findings])


def begin_run(
    path: Path,
    verb: str,
    spec: FitSpec,
    inputs: dict[str, Any],
    *,
    command: str,
    overwrite: bool,
    resume: bool,
) -> RunFolder:
    """The run folder, made by the first of several processes; the others know where it is, and read checkpoints there.

    What was asked for is kept in it, so that it can be asked for again; inputs that are in memory only are null there.

    Raises:
        ConfigError: as :meth:`RunFolder.begin`, or the folder is an input of the run, contains or lies in one.
        StorageError: it cannot be written.
    """
    run = RunFolder(path)
    if processes.first():
        refuse_overlap(check_output(path), _paths_read(spec, inputs))
        again = {name: str(given) if isinstance(given, (str, Path)) else None for name, given in inputs.items()}
        said = {"verb": verb, "inputs": again, "command": command, "spec": asdict(spec)}
        run = RunFolder.begin(path, said, overwrite, resume)
    if processes.count() == 1:
        return run
    places = processes.agree((str(run.path.absolute()), str(run.final.absolute())))
    return RunFolder(*map(Path, places))


def _paths_read(spec: FitSpec, inputs: dict[str, Any]) -> dict[str, str | Path]:
    """All that a run may read from, by what it is; some may be names of something else than a file."""
    read_from = {name: given.origin if isinstance(given, Dataset) else given for name, given in inputs.items()}
    read_from |= {"test set": spec.test, "weights": spec.weights}
    source, _, rest = spec.backbone.partition(":")
    read_from["backbone"] = rest if source in plugins.names(SOURCES) else spec.backbone
    return {name: given for name, given in read_from.items() if isinstance(given, (str, Path)) and str(given)}


@contextmanager
def guarded(run: RunFolder, verb: str, console: Recording, clock: Clock) -> Iterator[None]:
    """Where what is done inside fails, the first process removes the folder, or keeps it for ``--resume``.

    The clock and the warnings go on from those of the calls that were interrupted before.
    """
    if not processes.first():
        yield
        return
    earlier = begin_call(run)
    clock.calls, clock.earlier = earlier.calls + 1, earlier.timings
    console.warnings[:0] = [text for text in earlier.warnings if text not in console.warnings]
    with run.discarded_on_failure(console.warn, verb):
        try:
            yield
        except BaseException:
            interrupt_call(run, clock.calls, clock.total(), console.warnings)
            raise


@contextmanager
def harmless(what: str, console: Console) -> Iterator[None]:
    """Where what is done inside fails, it is said and no more: a picture is no reason to lose a result."""
    try:
        yield
    except Exception as error:  # of drawing, encoding and foreign networks: any
        console.warn(f"{what} could not be made: {type(error).__name__}: {error}")


def heard(console: Console | None) -> Recording:
    """The console of a run, which keeps its warnings; of several processes only the first speaks."""
    return Recording(console if console is not None and processes.first() else Quiet())


def build_strategy(spec: FitSpec) -> Strategy:
    """Make the strategy: head, class weights and recipe if it has such fields, and what ``--set`` says of the others.

    Raises:
        ConfigError: an unknown strategy, head or engine; a setting that the strategy does not have.
    """
    kind = plugins.load("jeoni.strategies", spec.strategy)
    of_head, of_strategy = settings_of("head", spec.settings)
    head = named_head(spec.head, of_head)
    build_head(head)  # an unknown name or setting is reported now, not after the features were computed
    check_engine(spec.engine)
    declared = {f.name for f in fields(kind)}
    common = {"head": head, "class_weights": spec.class_weights, "recipe": spec.recipe}
    own = {name: value for name, value in common.items() if name in declared}
    made: Strategy = configured(spec.strategy, kind, of_strategy, own)
    return made


def check_training(spec: FitSpec) -> None:
    """Whether what was asked for of a training has an effect.

    Raises:
        ConfigError: the strategy trains no stages.
    """
    kind = plugins.load("jeoni.strategies", spec.strategy)
    if "recipe" in {f.name for f in fields(kind)}:
        return
    for option, value in spec.recipe.given.items():
        raise ConfigError(
            f"{option} is {value!r}; the strategy {spec.strategy} trains no stages. Leave it out, or take one that "
            "does, such as --strategy finetune."
        )


def floor_of(spec: FitSpec) -> Strategy:
    """What every way of transferring has to beat: the same head on frozen features."""
    of_head = {f"head.{name}": value for name, value in settings_of("head", spec.settings)[0].items()}
    return build_strategy(spec.changed(strategy="probe", set=write_settings(of_head)))


def taps_of(strategy: Strategy, backbone: Backbone, n: int) -> tuple[Tap, ...]:
    """What the strategy wants, and the pooled features: for the probe beside it and for the map."""
    return tuple(dict.fromkeys((*strategy.taps(backbone, n), Tap(backbone.n, True))))


def read(data: str | Path, spec: FitSpec, modality: str = "", kept: str = "") -> Dataset:
    """Read data as the options say; see :func:`jeoni.load_data`, and of the last two arguments ``Columns``."""
    return load_labelled(data, columns_of(spec, modality, kept), spec.test)


def columns_of(spec: FitSpec, modality: str = "", kept: str = "") -> Columns:
    """The columns that the options name."""
    return Columns(
        image=spec.image_column,
        text=spec.text_column,
        audio=spec.audio_column,
        label=spec.label_column,
        group=spec.group_column,
        pattern=spec.group_pattern,
        modality=modality,
        kept=kept,
    )


def targeted(data: str | Path | Dataset, spec: FitSpec) -> Dataset:
    """The data, their labels read as targets of the task that the options name, or of the one they look like."""
    dataset = data if isinstance(data, Dataset) else read(data, spec)
    return read_targets(dataset, spec.task)


def backbone_for(data: Dataset, spec: FitSpec) -> Backbone:
    """The backbone the user named, or the one for such data; fitted to them.

    Raises:
        ConfigError: a backbone for something else.
        WeightsError: unknown.
        MissingExtra: the package with the weights is not installed.
    """
    name = default_backbone(data) if spec.backbone == "auto" else spec.backbone
    seconds = None if spec.seconds == AUTO else spec.seconds
    return fitted_to(load_backbone(name, spec.weights, spec.crop), data, seconds)


def suited(spec: FitSpec, backbone: Backbone) -> FitSpec:
    """The spec for this backbone: where it holds no weights, ``auto`` is the probe, without an untrained control."""
    if backbone.learned:
        return spec
    return spec.changed(control=False, strategy="probe" if spec.strategy == "auto" else spec.strategy)
