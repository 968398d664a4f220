"""How much choosing among several candidates flatters the score of the one that was chosen.

It is told by the bootstrap of the choice itself (BBC-CV, Tsamardinos, Greasidou & Borboudakis, Machine Learning 107,
2018): chosen on the items of a resample, scored on those it left out, without another training. Groups are drawn whole.
"""

from __future__ import annotations

import numpy as np

from jeoni.planning.choosing import Standing, choice_of
from jeoni.planning.race import Race

__all__ = ["optimism"]

RESAMPLES = 1000


def optimism(race: Race, seed: int) -> float | None:
    """By how much the winner's held-out score is too good, in the task's measure; None of a single candidate.

    Of candidates that were held against all items, chosen as the race chooses.
    """
    n = len(race.chosen.scores)
    whole = [outcome for outcome in race.outcomes if not np.isnan(outcome.scores).any()]
    if len(whole) < 2 or n < 2 or race.chosen not in whole or all(o.candidate.control for o in whole):
        return None
    rng = np.random.default_rng(seed)
    names, member = np.unique(np.arange(n) if race.groups is None else race.groups, return_inverse=True)
    left_out = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[member]
        if (drawn == 0).sum() == 0 or drawn.sum() == 0:
            continue
        copies = [np.flatnonzero(drawn > copy) for copy in range(drawn.max())]
        rows = np.concatenate(copies)
        # a group that is drawn twice stands for two
        of = np.concatenate([member[items] + copy * len(names) for copy, items in enumerate(copies)])
        groups = None if race.groups is None else of
        chosen = choice_of([Standing(o.candidate, o.losses[rows], o.scores[rows], groups) for o in whole])
        left_out.append(whole[chosen].scores[drawn == 0].mean())
    return float(race.chosen.scores.mean() - np.mean(left_out)) if left_out else None
