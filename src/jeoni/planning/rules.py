"""What to try, by how many labels there are and how much of what the backbone knows helps: one table.

The table of size and similarity is the field's rule of thumb (Karpathy et al., CS231n, "Transfer Learning"; Pan & Yang,
TKDE 2010). It says what is worth trying first, and the race decides. Here its two axes are measured: "few" is up to
1,000 labelled examples, as in VTAB-1k (Zhai et al. 2019, arXiv:1910.04867), and "similar" is where the pretrained
features remove a good part of the errors that features of the same network with random weights make, and where no lower
stage serves clearly better than the top.

With few labels the whole network is a candidate too, though the rule of thumb is against it: Zhai et al. fine-tune it
to 1,000 labels, and on pictures and recordings of our own benchmark (`benchmarks/planner.py`) it was often the best.
It takes the most time, so that it comes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jeoni.errors import ConfigError
from jeoni.types import Interval

__all__ = ["FEW", "REMOVED", "RULES", "Level", "Rule", "Size", "level_of", "rule_for", "size_of"]

Size = Literal["few", "many"]
Level = Literal["similar", "different"]

FEW = 1000  # labelled examples to learn from, at most
REMOVED = 0.25  # of the untrained network's errors, at least, where the source is similar


@dataclass(frozen=True)
class Rule:
    """A cell of the table.

    Attributes:
        size: of the data.
        level: of the similarity.
        tried: ways of transferring, the one to begin with first; see :mod:`.candidates`.
        source: who found that.
    """

    size: Size
    level: Level
    tried: tuple[str, ...]
    source: str

    @property
    def id(self) -> str:
        """Such as ``few_similar``; the reason in words stands under it in the locale."""
        return f"{self.size}_{self.level}"


RULES = (
    Rule(
        "few", "similar", ("probe", "contrastive", "upper stages", "whole network"),
        "Kumar et al. ICLR 2022 (arXiv:2202.10054); of few texts Tunstall et al. 2022 (arXiv:2209.11055); of few "
        "pictures Zhai et al. 2019 (arXiv:1910.04867)",
    ),
    Rule(
        "many", "similar", ("probe", "upper stages", "whole network"),
        "Kornblith, Shlens & Le CVPR 2019 (arXiv:1805.08974)",
    ),
    Rule(
        "few", "different",
        ("probe", "lower stage", "contrastive", "upper stages", "l2sp", "gradual", "whole network", "scratch"),
        "Yosinski et al. NeurIPS 2014 (arXiv:1411.1792); Li, Grandvalet & Davoine ICML 2018 (arXiv:1802.01483); Zhai "
        "et al. 2019 (arXiv:1910.04867)",
    ),
    Rule(
        "many", "different", ("probe", "lower stage", "whole network", "upper stages", "scratch"),
        "He, Girshick & Dollár ICCV 2019 (arXiv:1811.08883); Raghu et al. NeurIPS 2019 (arXiv:1902.07208)",
    ),
)  # fmt: skip


def size_of(labelled: int) -> Size:
    """Few or many labelled examples to learn from.

    Example:
        >>> size_of(200), size_of(20_000)
        ('few', 'many')
    """
    return "few" if labelled <= FEW else "many"


def level_of(gain: Interval, removed: float, lower_is_better: bool) -> Level:
    """Similar or different.

    Args:
        gain: score of the pretrained features minus that of the untrained ones, with its interval.
        removed: the share of the untrained features' errors that the pretrained ones do not make.
        lower_is_better: whether a lower stage serves clearly better than the topmost.

    Example:
        >>> level_of(Interval(0.2, 0.15, 0.25), 0.6, lower_is_better=False)
        'similar'
        >>> level_of(Interval(0.02, -0.01, 0.05), 0.3, lower_is_better=False)
        'different'
    """
    return "similar" if gain.low > 0 and removed >= REMOVED and not lower_is_better else "different"


def rule_for(size: Size, level: Level) -> Rule:
    """The cell of the table.

    Raises:
        ConfigError: no such cell.
    """
    for rule in RULES:
        if (rule.size, rule.level) == (size, level):
            return rule
    raise ConfigError(f"There is no rule for {size!r} and {level!r}.")
