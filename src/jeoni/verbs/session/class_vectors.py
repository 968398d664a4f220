"""What turns items and class names into vectors, and whether both lie in one space."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jeoni import plugins
from jeoni.backbones.architectures import SOURCES
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, load_backbone
from jeoni.backbones.packaged_names import E5, MINILM
from jeoni.data.kinds import plural
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context
from jeoni.heads.fitting.closed_form import unit_rows
from jeoni.modalities.text.texts import is_english
from jeoni.specs import ZeroShotSpec
from jeoni.types import Dataset, Finding, FloatArray
from jeoni.verbs.session.reading import choose_backbone
from jeoni.zero_shot_learning.semantics.attributes import Attributes
from jeoni.zero_shot_learning.semantics.class_texts import ClassText
from jeoni.zero_shot_learning.semantics.encoder import NameEncoder, scale_of
from jeoni.zero_shot_learning.semantics.meaning import alike_names, nameless_findings
from jeoni.zero_shot_learning.semantics.templates import sentences_of, templates_for

__all__ = ["ClassVectors", "attribute_vectors", "choose_encoders", "name_vectors"]


@dataclass(frozen=True)
class ClassVectors:
    """Vectors of classes, and where they come from.

    Attributes:
        values: ``(classes, a)``.
        texts: what was encoded of each; empty where attributes tell.
        findings: on names and attributes.
    """

    values: FloatArray
    texts: tuple[tuple[str, ...], ...]
    findings: list[Finding]


def choose_encoders(
    data: Dataset,
    spec: ZeroShotSpec,
    classes: tuple[ClassText, ...],
    *,
    seen: bool,
    attributes: bool,
    names_alone: bool,
) -> tuple[Backbone, NameEncoder | None]:
    """The backbone for the items, and what encodes the names; None where attributes stand in their place.

    Args:
        data: the items.
        spec: the options.
        classes: all of them.
        seen: whether there are seen classes.
        attributes: whether there is a table of attributes.
        names_alone: whether the method goes by names in the items' own space.

    Raises:
        ConfigError: items and names in no common space, and no seen classes that would lead from one to the other.
    """
    english = is_english([text for one in classes for text in (one.name, *one.descriptions)])
    source, _, rest = spec.backbone.partition(":")
    offered = plugins.load(SOURCES, source)() if rest and source in plugins.names(SOURCES) else None
    towers = offered is not None and hasattr(offered, "text_tower")
    if data.modality != "text" and not towers and not seen:
        raise ConfigError(
            f"No backbone here puts {plural(data.modality)} and words in one space. Give labelled items of other "
            "classes, from which is learned how names go with them: --seen LABELLED; or, with a hub in reach or a "
            "folder at hand, a model of both: --backbone clip:openai/clip-vit-base-patch32 (images), "
            "--backbone clap:laion/clap-htsat-unfused (audio)."
        )
    options = spec.of_backbone
    if spec.backbone == "auto" and data.modality == "text":
        usual = default_backbone(data)
        options = replace(options, backbone=usual if english else E5)
    backbone = choose_backbone(data, options)
    if attributes:
        return backbone, None
    if towers and offered is not None:
        tower, scale = offered.text_tower(rest)
        return backbone, NameEncoder(tower, True, scale)
    if data.modality == "text":
        return backbone, NameEncoder(backbone, True, scale_of(backbone))
    if names_alone:
        raise ConfigError(
            f"A method that goes by names alone needs a backbone that puts items and names in one space, and "
            f"{backbone.name} does not. Take --method eszsl or devise, which learn on seen classes."
        )
    named = spec.text_backbone
    reader = load_backbone((MINILM if english else E5) if named == "auto" else named)
    if reader.input.modality != "text":
        raise ConfigError(
            f"text_backbone is {named!r}, which takes {plural(reader.input.modality)}; one for texts is needed, such "
            f"as {MINILM}."
        )
    return backbone, NameEncoder(reader, False, scale_of(reader))


def name_vectors(
    classes: tuple[ClassText, ...],
    unseen: int,
    encoder: NameEncoder,
    modality: str,
    templates: tuple[str, ...],
    context: Context,
) -> ClassVectors:
    """Vectors of classes by what is said of them.

    Args:
        classes: seen ones first.
        unseen: how many of them, at the end, are unseen.
        encoder: of names.
        modality: of the items.
        templates: sentences of the user's own; the usual ones if there are none.
        context: the store.

    Raises:
        DataError: no name of an unseen class means anything to the encoder.
    """
    used = templates or templates_for([one.name for one in classes], modality)
    texts = tuple(sentences_of(one, used) for one in classes)
    findings = nameless_findings(classes, encoder.backbone.input.tokenizer)  # type: ignore[attr-defined]  # of texts
    wanted = classes[-unseen:]
    lost = nameless_findings(wanted, encoder.backbone.input.tokenizer)  # type: ignore[attr-defined]
    if len(lost) == len(wanted):
        raise DataError(
            f"None of the class names says anything to the encoder {encoder.backbone.name}; the first: "
            f'{lost[0].detail}. Describe the classes: --classes "{wanted[0].name}=what it is,…", or a CSV of name and '
            "description."
        )
    values = encoder.vectors(texts, context)
    return ClassVectors(values, texts, [*findings, *alike_names(wanted, values[-unseen:])])


def attribute_vectors(
    table: Attributes, seen: tuple[str, ...], unseen: tuple[str, ...], *, binary: bool
) -> ClassVectors:
    """Vectors of classes by their attributes, of length 1, or as 0 and 1.

    Raises:
        DataError: a class that the table lacks; attributes that are alike for all seen classes.
    """
    names = (*seen, *unseen)
    used = table.binary() if binary and not np.isin(table.values, (0, 1)).all() else table
    findings = used.findings(seen, unseen)
    if sum(f.kind == "constant_attribute" for f in findings) == len(used.names):
        raise DataError(
            f"All {len(used.names)} attributes are alike for all seen classes, so that nothing can be learned of them. "
            "Give attributes that tell the seen classes apart."
        )
    values = used.of(names)
    return ClassVectors(values if binary else unit_rows(values), (), findings)
