"""The pictures of a fit's report: made once of the same examples, predictions and models, then taken from the cache."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.weights import fingerprint
from jeoni.explain.examples import write_pictures
from jeoni.explain.insides import write_explanations, write_insides
from jeoni.features.examples import Examples
from jeoni.features.results import code_digest, digest_of, find_bytes, keep_bytes
from jeoni.models.model import Model
from jeoni.types import FloatArray
from jeoni.verbs.session.session import Session

__all__ = ["make_pictures"]

KIND = "pictures"


def make_pictures(
    session: Session,
    held: Examples,
    part: str,
    predictions: FloatArray,
    backbone: Backbone,
    before: Model | None,
    after: Model,
) -> None:
    """Fill the folder ``figures`` of a run.

    Args:
        session: of the run.
        held: examples that were predicted without having been seen.
        part: of the data that they are, ``test`` or ``train``.
        predictions: ``(repeats, n, p)`` for them.
        backbone: what was transferred from.
        before: a model on the same features without training, if there was any training.
        after: the model.
    """
    run, seed = session.run, session.spec.seed
    figures = run.path / "figures"

    store = session.context.store
    identity = _identity(held, part, predictions, backbone, [before, after], seed)
    packed = find_bytes(store, KIND, identity)
    if packed is not None:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(figures)
        return
    warnings = len(session.console.warnings)
    with session.optional("Pictures of the examples"):
        write_pictures(run, held, part, predictions, backbone, seed)
    with session.optional("Pictures of what the network sees"):
        write_insides(run, held, after.backbone, seed)
    with session.optional("Pictures of what decided"):
        write_explanations(run, held, predictions, before, after)
    if len(session.console.warnings) == warnings:
        keep_bytes(store, KIND, identity, _packed(figures))


def _identity(
    held: Examples, part: str, predictions: FloatArray, backbone: Backbone, models: list[Model | None], seed: int
) -> bytes:
    """All that the pictures show, and the code that draws them."""
    items = held.data.items
    names = [items.name(i) for i in range(len(held))]
    networks = [f"{m.backbone.fingerprint} {fingerprint(m.head.state_dict())}" if m else "" for m in models]
    code = code_digest("jeoni.explain", "jeoni.modalities", "jeoni.tasks")
    preprocessing = json.dumps(backbone.input.describe(), sort_keys=True)
    facts = [code, part, str(seed), repr(held.data.task), preprocessing, backbone.fingerprint, *networks, *names]
    return digest_of(*facts, b"".join(held.digests), held.data.targets, predictions)


def _packed(folder: Path) -> bytes:
    """All files of a folder in one archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return content.getvalue()
