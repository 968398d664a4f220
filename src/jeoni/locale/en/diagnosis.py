"""Sentences about two domains: how they differ, what was tried, and why a method was taken."""

__all__ = ["WORDS"]

WORDS = {
    "diagnosis.test": "(permutation test, p {p}, {ns} and {nt} rows)",
    "diagnosis.none": "No shift of the features is seen {test}; one too small for so many rows may be there.",
    "diagnosis.undecided": "A shift of the features is seen {test}, too small for these rows to tell its kind.",
    "diagnosis.repaired": "A {kinds:terms} shift {test}: {repairs:terms} removes {share} of the distance on rows it has not "
    "seen, and no difference is left to see.",
    "diagnosis.partly": "Most like a {kinds:terms} shift {test}: {repairs:terms} removes {share} of the distance on rows it "
    "has not seen; no repair tried makes the domains alike.",
    "diagnosis.others": "The features fit {kinds:terms} shift as well; only labels of the target can decide.",
    "diagnosis.distances": "A linear classifier tells the domain of {share} % of unseen rows, where 50 % is guessing (proxy "
    "A-distance {proxy} of 2); squared kernel distance (MMD) {mmd}, Fréchet distance {frechet}.",
    "diagnosis.more_distances": "Other distances of the features: {listed:listed}.",
    "diagnosis.overlap": "A density ratio rests on {share} of the source: the domains hardly overlap, and re-weighting cannot "
    "work.",
    "diagnosis.class_share": "Class {name} has {source} of the source and an estimated {target} of the target ({low} to "
    "{high}).",
    "diagnosis.concept_unknown": "Whether the same features mean other classes in the target cannot be seen without some of "
    "its labels ({rows} rows at least, five of two classes).",
    "diagnosis.classifiers": "on {rows} labelled target rows a classifier that learned from the source is right in {source} "
    "and one that learned from the target in {target} (p {p})",
    "diagnosis.concept": "The same features mean other classes in the target, or have changed in a way that no repair tried "
    "undoes: {both}.",
    "diagnosis.no_concept": "That the same features mean other classes in the target is not seen: {both}.",
    "weighing.size": "The weights are worth {size} of the {n} source items (effective size).",
    "weighing.shares": "Estimated shares of the target: {shares}.",
    "why.too_few": "there are too few rows to tell how the domains differ",
    "why.no_shift": "no shift is seen that an adapter could mend",
    "why.none_fitted": "none of the methods for this shift could be fitted",
    "why.none_of_one": "of 1 method for this shift none convinces the validators",
    "why.none_of": "of {tried} methods for this shift none convinces the validators",
    "why.one_of_one": "of 1 method for this shift 1 convinces the validators",
    "why.one_of": "of {tried} methods for this shift 1 convinces the validators",
    "why.some_of": "of {tried} methods for this shift {trusted} convince the validators",
    "why.surer": "it is surer, of classes as frequent as before",
    "why.not_surer": "shot does not make it surer",
    "why.other_shares": "shot would give {share} of the target to other classes than the model does, and without the source's "
    "examples nothing tells which is right; --method shot takes it, for classes about equally frequent",
    "why.most_trusted": "the validators, which see no target label, trust it most of the methods that were named",
    "why.first_named": "it is the first that was named and can be used: without target labels none is found to be better",
    "advice.several_methods": "Label some twenty target items and let them tell in one run: --method {methods}",
    "advice.labels": "Label some twenty target items and let them choose (--query 20 proposes which, --labels FILE takes them): "
    "--method {methods}",
    "advice.score_source": "Label some twenty target items and score the source model on them: jeoni evaluate RUN/model ITEMS",
    "advice.more_items": "Give at least 20 items of each domain, or label some of the target's and score the source model on "
    "them: jeoni evaluate RUN/model ITEMS",
}
