"""Random pictures with objects, crowds and detections that nearly fit, for tests of detection."""

import numpy as np


def made_picture(rng, classes=3):
    """Boxes, labels and scores that were detected; then boxes, labels and which are ignored, in truth."""
    count = int(rng.integers(0, 12))
    low = rng.integers(0, 300, (count, 2)).astype(float)
    true = np.concatenate([low, low + rng.integers(5, 120, (count, 2))], axis=1)
    labels, ignored = rng.integers(0, classes, count), rng.random(count) < 0.1
    source = np.concatenate([np.arange(count), rng.integers(0, count, int(rng.integers(0, 60)))]) if count else []
    boxes = true[np.asarray(source, dtype=int)] + rng.integers(-9, 10, (len(source), 4))
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    right = rng.random(len(source)) < 0.8
    said = np.where(right, labels[np.asarray(source, dtype=int)], rng.integers(0, classes, len(source)))
    scores = rng.permutation(len(source)) / 100 + rng.uniform(0, 0.005, len(source))
    return boxes, said, scores, true, labels, ignored


def coco_scores(pictures, classes=3):
    """What pycocotools gives: average precision and recall, ``(classes, 10)`` each; NaN without an object."""
    import contextlib
    import io

    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i} for i in range(len(pictures))],
            "categories": [{"id": k + 1} for k in range(classes)],
            "annotations": [],
        }
        detected = []
        for i, (boxes, said, scores, true, labels, ignored) in enumerate(pictures):
            for box, label, crowd in zip(true, labels, ignored, strict=True):
                one = {"id": len(truth.dataset["annotations"]) + 1, "image_id": i, "iscrowd": int(crowd)}
                truth.dataset["annotations"].append({**one, **_entry(box, label)})
            detected += [
                {"image_id": i, "score": float(score), **_entry(box, label)}
                for box, label, score in zip(boxes, said, scores, strict=True)
            ]
        truth.createIndex()
        judged = COCOeval(truth, truth.loadRes(detected), "bbox")
        judged.evaluate()
        judged.accumulate()
    precision, recall = judged.eval["precision"][:, :, :, 0, 2], judged.eval["recall"][:, :, 0, 2]
    return _defined(precision.mean(axis=1).T), _defined(recall.T)


def _entry(box, label):
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    return {
        "category_id": int(label) + 1,
        "bbox": [float(box[0]), float(box[1]), width, height],
        "area": width * height,
    }


def _defined(values):
    return np.where(values < 0, np.nan, values)
