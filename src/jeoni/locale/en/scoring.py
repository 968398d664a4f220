"""The words of the page of transferability scores, and sentences about them."""

__all__ = ["WORDS"]

WORDS = {
    "candidates": "Candidates, as measured",
    "candidates_note": "A {head} head on frozen features of {train} training items, measured on {test} items that were held out. "
    "Behind is how much less accurate it was than the first one on the same items, with its interval. The first of many was "
    "a little lucky, too: its accuracy on new items will be somewhat lower.",
    "candidate": "backbone",
    "stage": "stage",
    "accuracy": "accuracy",
    "behind": "behind",
    "features": "features",
    "parameters": "parameters",
    "untrained": "untrained",
    "best_so_far": "the best",
    "orders": "How well each score foretold this",
    "orders_note": "Scores saw the {n} training items that they are computed from and nothing of the held-out ones. Tau is Kendall's weighted "
    "tau between a score and the measured accuracy: 1 is the same order, 0 chance, -1 the reverse; its interval is over "
    "backbones and held-out items. The last column is what was lost by taking the candidate that the score puts first.",
    "few_note": "Backbones: {n}. Of so few, any score may seem to be right or wrong by chance; take {needed} or more.",
    "score": "score",
    "tau": "weighted tau",
    "of_candidates": "candidates",
    "pick": "it would have chosen",
    "missed": "lost by that",
    "outcomes": {"agrees": "agrees", "opposes": "opposes", "cannot tell": "cannot tell"},
    "needs": {
        "features": "features and labels",
        "posteriors": "the old head",
        "facts": "no data",
    },
    "values": "All scores",
    "values_note": "Higher is better within a row; scores are not comparable across rows. Intervals over {resamples} resamples of the "
    "items stand where a score is quick to compute. A dash: the backbone has no classes of its own, nothing was published of it, or "
    "it is a lower stage. All numbers are in scores.csv.",
    "values_note_plain": "Higher is better within a row; scores are not comparable across rows. A dash: the backbone has no classes of its "
    "own, nothing was published of it, or it is a lower stage. All numbers are in scores.csv.",
    "more": "{n} more candidates",
    "by_stage": "Accuracy by stage",
    "by_stage_note": "The same head on the features of every stage; where a curve falls, the upper stages know what these data do not need.",
    "depth_axis": "stages used, share of all",
    "values_rest": "The {shown} most accurate of {n} candidates are shown.",
    "n_test": "held-out items",
    "n_train": "training items",
    "n_candidates": "candidates",
    "table_of": "scores",
    "about": "{n} candidates of {backbones} backbones, {test} held-out items",
    "scoring.best": "{name} told the classes apart best of {n} candidates: {value} % of held-out items ({low} to {high}).",
    "scoring.one_group": "{name} told the classes apart best of {n} candidates: {value} % of held-out items. These are all of one group, so "
    "how sure that is cannot be told; give more groups, or a test part of your own.",
    "scoring.only": "{name} told the classes apart in {value} % of held-out items ({low} to {high}); there was no other candidate.",
    "scoring.near": "Of the {of} others {n} are as good, as far as these items can tell.",
    "scoring.ahead": "It is ahead of all others on the same items.",
    "scoring.paid": "Pretraining pays: {amount} more than the best untrained network.",
    "scoring.lost": "Pretraining does not pay here: the best untrained network is {amount} better.",
    "scoring.unclear": "Whether pretraining pays cannot be told: {amount} against the best untrained network.",
    "scoring.too_few": "Which score orders backbones well cannot be told of {n}; that takes {needed} at least.",
    "scoring.ordered": "{n} of {of} scores ordered the candidates better than chance, {score:term} best (weighted tau {value}, {low} to "
    "{high}).",
    "scoring.none_ordered": "None of {of} scores ordered the candidates clearly better than chance: go by what was measured.",
    "scoring.opposed": "Ordered the wrong way round: {scores}.",
}
