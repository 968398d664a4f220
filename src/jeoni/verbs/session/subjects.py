"""Keypoints of several subjects in pictures: predicted in boxes that are given, and scored there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.data.annotations import Keypoints, Skeletons, Subjects
from jeoni.data.annotations.subjects import as_subjects
from jeoni.data.annotations.vocabulary import in_vocabulary
from jeoni.data.checks import tell, unreadable
from jeoni.dense.crops import Subject
from jeoni.dense.in_boxes import GivenBoxes, InPicture, subjects_in_boxes
from jeoni.dense.model import DenseModel, DensePredictions, pictures_of
from jeoni.dense.network import extent_of
from jeoni.dense.scoring import evaluate_evidence
from jeoni.dense.tasks.pose import Pose
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.evaluate import Evaluation
from jeoni.features.examples import Context
from jeoni.locale import Said
from jeoni.types import Dataset
from jeoni.verbs.session.subject_boxes import boxes_for

__all__ = ["evaluate_subjects", "predict_subjects", "takes_boxes"]


def takes_boxes(model: DenseModel, said: str) -> bool:
    """Whether keypoints are found in boxes: of a model of several subjects, and where a user gives boxes.

    Raises:
        ConfigError: boxes were given to a model of something else.
    """
    if said and not isinstance(model.task, Pose):
        raise ConfigError(Said("dense.boxes_of_pose", value=repr(said), task=model.task.id))
    return bool(said) or model.task.in_boxes


def predict_subjects(
    model: DenseModel, data: Any, boxes: str, context: Context, *, column: str = "", frames: str = "middle"
) -> DensePredictions:
    """Predict the keypoints of all subjects of pictures.

    Args:
        model: of keypoints.
        data: as for :meth:`jeoni.dense.model.DenseModel.predict`.
        boxes: see :func:`.boxes_for`.
        context: where to compute.
        column: of a table, the one that holds the pictures.
        frames: of DICOM files of several frames, those that are examples.

    Raises:
        DataError: nothing there, or nothing that can be read.
        ConfigError: boxes that cannot be had.
    """
    found = pictures_of(data, column, frames, context)
    given = boxes_for(boxes, model, found.items, context)
    made = subjects_in_boxes(model, found.items, given, context)
    read: list[tuple[int, Skeletons, tuple[int, int]]] = []
    errors: dict[int, str] = {}
    for i, one in enumerate(made):
        try:
            if one.error and not one.found:
                raise DataError(one.error)
            size = extent_of(found.items, i, model.backbone.input)
            read.append((i, one.skeletons(given[i], len(model.task.names)), size))
        except DataError as error:
            errors[i] = str(error)
    tell([*found.findings, *unreadable(found.items, errors)], context.console)
    if not read:
        raise DataError(Said("dense.none_read", n=f"{len(found.items)}", first=next(iter(errors.values()))))
    chosen = found.select([i for i, _, _ in read])
    return DensePredictions(
        names=[found.items.name(i) for i, _, _ in read],
        predictions=[skeletons for _, skeletons, _ in read],
        task=model.task,
        sizes=[size for _, _, size in read],
        annotations=model.annotations,
        class_numbers=model.class_numbers,
        errors={found.items.name(i): text for i, text in errors.items()},
        seen=np.zeros(len(read), dtype=bool),
        data=chosen,
    )


def evaluate_subjects(model: DenseModel, data: Dataset, boxes: str, context: Context, seed: int) -> Evaluation:
    """Average precision where boxes are not those of the annotations, so that a subject may be missed.

    Args:
        model: of keypoints.
        data: pictures with annotations, as a format's reader gave them.
        boxes: see :func:`.boxes_for`; all scores are taken.
        context: where to compute.
        seed: of the bootstrap.

    Raises:
        ConfigError: no sigmas are known, so that nothing can be scored.
        DataError: no annotations of keypoints.
    """
    task = model.task
    assert isinstance(task, Pose)
    if not task.precise:
        raise ConfigError(Said("dense.sigma_needed"))
    targets = in_vocabulary(data.targets, task.names)
    known = np.array([isinstance(one, (Keypoints, Subjects)) for one in targets], dtype=bool)
    if not known.any():
        raise DataError(Said("dense.none_annotated"))
    data = data.select(np.flatnonzero(known))
    task.reread(list(targets[known]))
    given = boxes_for(boxes, model, data.items, context, 0.0)
    made = subjects_in_boxes(model, data.items, given, context)
    errors = {i: one.error for i, one in enumerate(made) if one.error and not one.found}
    tell([*data.findings, *unreadable(data.items, errors)], context.console)
    evidence: list[Any] = []
    pictures: list[int] = []
    for i, (one, target) in enumerate(zip(made, targets[known], strict=True)):
        if i in errors:
            continue
        said = _evidence(task, data.items.name(i), as_subjects(target), given[i], one)
        evidence += said
        pictures += [i] * len(said)
    if not evidence:
        raise DataError(Said("dense.none_annotated"))
    groups = np.array(pictures) if data.groups is None else data.groups[pictures]
    return evaluate_evidence(task, evidence, groups, seed)


def _evidence(task: Pose, name: str, whole: Subjects, given: GivenBoxes, made: InPicture) -> Sequence[Any]:
    """Of each prediction in a picture; of a picture without any, that."""
    of = Subject(np.full((len(task.points), 2), np.nan), task.points, None, name, (0, 0), whole)
    if not made.found:
        return [task.subject_evidence(of)]
    sure = {k: float(given.sure[k] * one.scores.mean()) for k, one in made.found.items()}
    return [task.subject_evidence(of, None, one.points, sure[k]) for k, one in made.found.items()]
