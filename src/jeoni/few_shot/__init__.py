"""Few-shot evaluation by episodes, and inference that looks at all queries of an episode at once."""

from __future__ import annotations

from jeoni.few_shot.balance import BalanceTest, balance_test
from jeoni.few_shot.episodes import Episode, Episodes, draw_episodes, evaluate_episodes

__all__ = ["BalanceTest", "Episode", "Episodes", "balance_test", "draw_episodes", "evaluate_episodes"]
