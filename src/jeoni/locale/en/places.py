"""The words of the page of a fit that says where in pictures something is."""

__all__ = ["WORDS"]

WORDS = {
    "scores": "Scores",
    "measure": "measure",
    "pretrained": "pretrained",
    "untrained": "untrained",
    "difference": "difference",
    "by_name": "By class or keypoint",
    "how_many": "how many",
}
