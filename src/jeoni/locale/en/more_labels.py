"""Words and sentences about what more labels would add."""

__all__ = ["WORDS"]

WORDS = {
    "more_labels.double": "Doubling the labels",
    "more_labels.times": "{factor} times the labels",
    "more_labels.helps": "{times} would add {amount}.",
    "more_labels.lowers": "{times} would improve the {measure:term} by {amount}.",
    "more_labels.little": "{times} would hardly help: {amount}.",
    "more_labels.unclear": "Whether more labels would help cannot be told: {amount} with {factor} times the labels.",
    "more_labels": "Would more labels help?",
    "more_labels_note": "Dots are the scores of a closed-form head at nested shares of the labels, on items that it had not seen; "
    "the band is the 95 % interval of two kinds of curves through them (POW4, MMF4), up to {factor} times the labels. The head that is kept "
    "may be better than this one: the curve tells what labels add, not how good the model is.",
    "more_labels_axis": "labels",
    "more_labels_measured": "measured",
    "more_labels_curve": "curve",
    "more_labels_now": "now: {n}",
}
