"""Which kind of shift lies between two domains, and how large it is."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from jeoni.adaptation.diagnosis import Diagnosis
from jeoni.adaptation.diagnosis import diagnose as diagnose_rows
from jeoni.adaptation.domains import domains_of
from jeoni.backbones.cut import Tap
from jeoni.console import console_for
from jeoni.errors import DataError
from jeoni.features.extract import Request
from jeoni.specs import DiagnoseSpec
from jeoni.specs.keywords import DiagnoseKeywords
from jeoni.tasks.classification import class_names_of
from jeoni.types import Console
from jeoni.verbs.session.domains import read_domains
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.session import Session

__all__ = ["diagnose"]


@takes_options(DiagnoseSpec)
def diagnose(
    source: Any,
    target: Any,
    spec: DiagnoseSpec | None = None,
    *,
    console: Console | None = None,
    quiet: bool = False,
    **options: Unpack[DiagnoseKeywords],
) -> Diagnosis:
    """Name the kind of shift between two domains, and how large it is; nothing is trained and nothing written.

    Args:
        source: labelled data, as for :func:`adapt`.
        target: data of the same kind; labels, if there are any, only tell whether the classes themselves changed.
        spec: options of reading and of the backbone; see :class:`jeoni.DiagnoseSpec`.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used, or too few of them.

    Example:
        ``print(*jeoni.diagnose("mono/", "poly/").sentences, sep="\\n")``
    """
    spec = (spec or DiagnoseSpec()).changed(**options)
    session = Session("diagnose", spec, console_for(console, quiet, spec.language))
    with session.step("read"):
        session.check()
        dataset, findings = read_domains(source, target, spec)
    with session.step("load"):
        backbone = choose_backbone(dataset, spec)
    pooled = Tap(backbone.n, True)
    ready = session.prepare(dataset, [Request(backbone, (pooled,))], findings, may_lack=dataset.part == "test")
    here, there = domains_of(ready.data, ready.seen, ready.checked, seed=spec.seed)
    assert here is not None
    names = np.array([*class_names_of(here.data), ""])
    try:
        with session.step("diagnose"):
            return diagnose_rows(
                here.features(backbone, pooled).numpy(),
                names[here.data.targets],
                there.features(backbone, pooled).numpy(),
                yt=names[there.data.targets],
                seed=spec.seed,
            )
    except ValueError as error:
        raise DataError(str(error)) from error
