"""Annotations: where in a picture something is. Formats that they are read from and written to, one file each."""

from jeoni.data.annotations.kinds import (
    Annotation,
    Boxes,
    Condition,
    Detections,
    Heat,
    Keypoints,
    LabelMap,
    Mask,
    Prediction,
    Skeleton,
    Skeletons,
    Subjects,
    annotation_cells,
    are_annotations,
    target_bytes,
)

__all__ = [
    "Annotation",
    "Boxes",
    "Condition",
    "Detections",
    "Heat",
    "Keypoints",
    "LabelMap",
    "Mask",
    "Prediction",
    "Skeleton",
    "Skeletons",
    "Subjects",
    "annotation_cells",
    "are_annotations",
    "target_bytes",
]
