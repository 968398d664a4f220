"""Sentences about pretraining, and the words of its page and card."""

__all__ = ["WORDS"]

WORDS = {
    "pretraining.paid": "Pretraining paid: a linear probe gains {amount} over the starting weights.",
    "pretraining.cost": "Pretraining cost: a linear probe loses {amount} against the starting weights.",
    "pretraining.unclear": "Whether the pretraining paid cannot be told: {amount} over the starting weights.",
    "pretraining.unknown": "Whether the pretraining paid cannot be told without labels. Give some with --probe.",
    "pretraining.unknown_supervised": "Whether the pretraining paid cannot be told: the labels that taught it cannot judge it. "
    "Give those of your own task with --probe.",
    "pretraining.scores": "On {n} held-out labelled items {measure:term} is {start} before and {pretrained} after.",
    "pretraining.rank": "The features' effective rank goes from {before} to {after}, of {dim} columns.",
    "pretraining.rank_of": "The features' effective rank is {before} of {old} columns before and {after} of {new} after.",
    "pretraining.narrowed": "The features have narrowed: their effective rank falls from {before} to {after}, of {dim} columns.",
    "pretraining.collapsed": "The features have collapsed: their effective rank is {after}, of {dim} columns. Nothing can be "
    "told apart by them; take a lower learning rate or another method.",
    # the page
    "verdict_name": "gain of the probe",
    "outcomes": {"paid": "it paid", "cost": "it cost", "unclear": "cannot be told", "unknown": "no labels"},
    "in_points": "points",
    "before_name": "starting weights",
    "after_name": "pretrained",
    "rank_name": "effective rank",
    "rank_range": "{before} before, of {dim}",
    "items_name": "items learned from",
    "seconds_name": "training",
    "steps_taken": "{n} steps",
    "probe_title": "Linear probe before and after",
    "probe_note_test": "Both probes are fitted on the same labelled items and scored on {n} held-out ones; the difference is "
    "paired on them. The content of these items may have been among what was learned from; their labels were not.",
    "probe_note_cv": "Both probes are scored by repeated cross-validation on the same {n} labelled items and the same folds; the "
    "difference is paired on them. The content of these items may have been among what was learned from; their labels were not.",
    "gain_column": "difference",
    "course": "Loss",
    "course_note": "The terms of the loss, each with its weight, averaged over parts of the training. A loss that falls says that "
    "the method's own task is learned, not that its features are good for another one.",
    "loss_axis": "loss",
    "course_game": "The losses of the two players. Neither is meant to fall: as long as both move, both learn. A discriminator near "
    "0 has won, and the generator learns nothing any more.",
    "collapse": "Collapse check",
    "collapse_note": "How many directions the features of {n} items use. RankMe counts them with the mean, the effective rank "
    "without; the spread is how far items differ from each other, as a share of the features' length. A rank near 1 is a collapse.",
    "collapse_measures": {"rank_me": "RankMe", "effective_rank": "effective rank", "deviation": "spread"},
    "views_title": "Two views of an item",
    "views_note": "Each column is an item in two of the random views that it was learned from.",
    "samples_title": "Made-up images",
    "samples_note": "What the generator makes of noise at the end of the training.",
    "details_title": "Codes",
    "details_names": {
        "atoms": "atoms of the dictionary",
        "used": "atoms that an item uses, on average",
        "explained": "share of the features' variance that codes explain",
        "seconds": "seconds to learn it",
    },
    "stages_title": "Stages",
    "use_title": "Use it",
    "use_note": "The folder holds a backbone without a head. Transfer from it as from any other:",
    "use_code": "jeoni fit DATA --backbone {folder}",
    # the card
    "about_probe": "{measure} of a linear probe, {n} labelled items",
    "about_unknown": "no labels",
    "card_about": "A backbone without a head, pretrained on {data} with jeoni {version}. Transfer from it:",
    "card_weights": "It started from {name}, {source} (licence: {licence}; SHA-256 of its tensors {sha256}).",
}
