"""Masked language modelling on the user's own corpus (TAPT/DAPT: Gururangan et al. ACL 2020, arXiv:2004.10964).

Devlin et al. NAACL 2019: of every text 15 % of the tokens are to be guessed; of these 80 % are replaced by the mask,
10 % by another token, and 10 % stay. Ours differs in three ways. Sentence encoders come without the head that guesses:
it is made anew, a layer whose output is compared with the embeddings of words, which stay tied to those of the input.
It chooses among the tokens that occur in the corpus, not among all 250,000. And lower stages are frozen, by default the
embeddings at least: their part is computed without gradients, anew for each drawing of masks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import distributed
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Cut, Tap, cut
from jeoni.backbones.encoder import Encoder
from jeoni.backbones.packed import unpack
from jeoni.errors import ConfigError
from jeoni.modalities.inputs.text import TextInput
from jeoni.pretraining.learning.method import Pretrained, Start, check_batch
from jeoni.pretraining.learning.stages import Learner, Plan, shared_batch, train_stages
from jeoni.pretraining.learning.two_views import frozen_of, resolved
from jeoni.specs import Recipe
from jeoni.training.job import Batch
from jeoni.training.rows import Rows, plain_rows
from jeoni.types import IntArray

__all__ = ["MaskedLanguage"]

MASKS = ("[MASK]", "<mask>")
PREFERRED: dict[str, Any] = {"learning_rate": 1e-4, "head_learning_rate": 1e-3, "batch_size": 32, "weight_decay": 0.01}
LENGTH = 1.0
BLOCK = 1024


@dataclass(frozen=True)
class MaskedLanguage:
    """Guess hidden tokens.

    Attributes:
        share: of the tokens that are to be guessed.
        masked: of these, the share that the mask replaces.
        swapped: the share that another token replaces; the others stay as they are.
    """

    modalities: ClassVar[tuple[str, ...]] = ("text",)
    supervised: ClassVar[bool] = False

    share: float = 0.15
    masked: float = 0.8
    swapped: float = 0.1

    def check(self) -> None:
        """Whether the shares can be.

        Raises:
            ConfigError: they cannot.
        """
        if not 0 < self.share < 1:
            raise ConfigError(f"share is {self.share:g}; it is the share of tokens to be guessed, above 0 and below 1.")
        if min(self.masked, self.swapped) < 0 or self.masked + self.swapped > 1:
            raise ConfigError(
                f"masked is {self.masked:g} and swapped is {self.swapped:g}; both are shares, and together at most 1."
            )

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """The tokens."""
        return (Tap(0, False),)

    def learn(self, start: Start) -> Pretrained:
        """Train the stages above the cut to guess tokens."""
        backbone, n = start.backbone, len(start.examples)
        network = backbone.network
        mask = mask_token(backbone)
        assert isinstance(network, Encoder)
        recipe = resolved(start, PREFERRED, LENGTH)
        check_batch("masked_language", n, recipe.batch_size)
        least = 0 if start.untrained or start.recipe.frozen != "auto" else 1
        frozen = max(least, frozen_of(start.recipe, backbone, n, start.untrained))
        made = cut(backbone, frozen)
        if not made.apart:
            raise ConfigError(
                f"{backbone.name} cannot be cut after {frozen} stages, so its tokens cannot be guessed from there. "
                "Take --frozen 0."
            )
        rows = plain_rows(start.examples, backbone, Tap(0, False), start.context)
        known = np.union1d(tokens_in(rows), [mask])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(start.context.seed)
            head = _head(backbone, made, known, rows)
        learner = Learner(made.from_rows(backbone.input), head, recipe.steps, ("guessing",))
        masking = Masking(self, mask, special_tokens(backbone), known)
        plan = Plan(
            title="Pretraining (masked_language)",
            made=made,
            network=learner,
            losses=_Guessing(made, masking, known),
            rows=rows,
            facts={"policy": "none", "cached": True, "views": 0, "row_bytes": 0, "bytes": 0},
            recipe=replace(recipe, batch_size=shared_batch(recipe.batch_size)),
            settings=repr(self),
        )
        found = train_stages(start, plan)
        made.lower.cpu()
        return found


def mask_token(backbone: Backbone) -> int:
    """The number of the token that hides others.

    Raises:
        ConfigError: a backbone that reads no tokens, or whose tokenizer knows none.
    """
    spec = backbone.input
    if not isinstance(spec, TextInput) or not isinstance(backbone.network, Encoder):
        raise ConfigError(
            f"masked_language hides tokens of texts; {backbone.name} takes {spec.kind} rows. Take a backbone for texts."
        )
    numbers = [n for name in MASKS if (n := spec.tokenizer.token_to_id(name)) is not None]
    if not numbers:
        raise ConfigError(
            f"The tokenizer of {backbone.name} has no mask ({' or '.join(MASKS)}), as those of decoders have none. "
            "Take an encoder such as a BERT or RoBERTa."
        )
    return int(numbers[0])


def special_tokens(backbone: Backbone) -> IntArray:
    """Tokens that stand for no part of a text: they are neither hidden nor guessed."""
    assert isinstance(backbone.input, TextInput)
    added = backbone.input.tokenizer.get_added_tokens_decoder()
    named = [number for number, token in added.items() if token.special]
    return np.array(sorted(named), dtype=np.int64)


def tokens_in(rows: Rows) -> IntArray:
    """Numbers of all tokens that occur, rising."""
    found = [np.zeros(0, dtype=np.int64)]
    for at in range(0, len(rows), BLOCK):
        index = np.arange(at, min(at + BLOCK, len(rows)))
        block = rows.batch(index, np.zeros_like(index))
        found.append(np.unique(block[block >= 0]).astype(np.int64))
    return np.unique(np.concatenate(found))


@dataclass(frozen=True)
class Masking:
    """Which tokens are hidden, and behind what.

    Attributes:
        shares: of the method.
        mask: the mask's number.
        special: numbers that are left alone.
        known: numbers that another token is drawn from.
    """

    shares: MaskedLanguage
    mask: int
    special: IntArray
    known: IntArray

    def __call__(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Hide some.

        Args:
            tokens: ``(n, t)``, negative where a row is padded.

        Returns:
            The tokens with some of them hidden, and ``(n, t)`` bool: which are to be guessed.
        """
        shares, device = self.shares, tokens.device
        words = (tokens >= 0) & ~torch.isin(tokens, torch.from_numpy(self.special).to(device))
        wanted = (torch.rand(tokens.shape, device=device) < shares.share) & words
        fate = torch.rand(tokens.shape, device=device)
        known = torch.from_numpy(self.known).to(device)
        others = known[torch.randint(len(known), tokens.shape, device=device)].to(tokens.dtype)
        hidden = torch.where(wanted & (fate < shares.masked), torch.full_like(tokens, self.mask), tokens)
        swapped = wanted & (fate >= shares.masked) & (fate < shares.masked + shares.swapped)
        return torch.where(swapped, others, hidden), wanted


class GuessingHead(nn.Module):
    """States ``(m, c)`` to logits ``(m, v)`` of the known tokens: a layer, then similarity with their embeddings.

    Args:
        dim: of a state.
        table: ``(v, e)`` the embeddings, which are not trained here.
        bias: ``(v,)`` to begin with, the logarithm of how often each token occurs.
    """

    table: Tensor

    def __init__(self, dim: int, table: Tensor, bias: Tensor) -> None:
        super().__init__()
        width = table.shape[1]
        self.layer, self.norm = nn.Linear(dim, width), nn.LayerNorm(width)
        self.bias = nn.Parameter(bias.clone())
        self.register_buffer("table", table, persistent=False)

    def forward(self, states: Tensor) -> Tensor:
        """Logits."""
        return self.against(self.table, states)

    def against(self, table: Tensor, states: Tensor) -> Tensor:
        """Logits by embeddings ``(v, e)``."""
        guess = self.norm(nn.functional.gelu(self.layer(states)))
        return nn.functional.linear(guess, table, self.bias)


def _head(backbone: Backbone, made: Cut, known: IntArray, rows: Rows) -> GuessingHead:
    """A head for tokens; the smallest loss that it can have without reading a word is their entropy."""
    network = backbone.network
    assert isinstance(network, Encoder)
    table = network.table()
    assert isinstance(table, nn.Embedding)
    counts = np.ones(len(known))
    for at in range(0, len(rows), BLOCK):
        index = np.arange(at, min(at + BLOCK, len(rows)))
        block = rows.batch(index, np.zeros_like(index))
        counts += np.bincount(np.searchsorted(known, block[block >= 0]), minlength=len(known))
    bias = torch.from_numpy(np.log(counts / counts.sum())).float()
    return GuessingHead(backbone.dim, table.weight.detach()[torch.from_numpy(known)].clone(), bias)


class _Guessing:
    """Hide tokens, run the frozen stages without gradients and the others with, and guess."""

    def __init__(self, made: Cut, masking: Masking, known: IntArray) -> None:
        self._lower, self._masking = made.lower.eval(), masking
        self._cut, self._known = made.frozen > 0, torch.from_numpy(known)
        self._lower.to(distributed.device())

    def __call__(self, network: Learner, batch: Batch) -> dict[str, Tensor]:
        tokens = batch.rows
        hidden, wanted = self._masking(tokens)
        encoder: Any = network.features
        if self._cut:
            with torch.no_grad():
                hidden = self._lower(hidden)
        else:
            encoder = encoder.module  # behind the entry, which leaves tokens as they are
        states, _ = unpack(encoder.states(hidden))
        head = network.head
        assert isinstance(head, GuessingHead)
        known = self._known.to(tokens.device)
        chosen = states[wanted]
        table = head.table if self._cut else encoder.table().weight[known]
        logits = head.against(table, chosen)
        right = torch.searchsorted(known, tokens[wanted].long())
        if not len(right):
            return {"guessing": 0 * head.bias.sum()}
        return {"guessing": nn.functional.cross_entropy(logits.float(), right)}
