from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from torch import nn

from jeoni.explain.words import around_strongest, word_weights
from jeoni.modalities.inputs.text import TextInput

SIGMOID = [1 / (1 + np.exp(-k)) for k in range(3)]


class Counting(nn.Module):
    """Two classes; the second one's logit is the number of telling tokens, which are token 1."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        count = (tokens == 1).sum(1).float()
        return torch.stack([torch.zeros_like(count), count], 1)


def make(telling: str, most: int = 200, prefix: str = "", letters: bool = False):
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, telling: 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated") if letters else pre_tokenizers.Whitespace()
    spec = TextInput.make(tokenizer, most, prefix)
    return SimpleNamespace(backbone=SimpleNamespace(input=spec), network=Counting())


def weights(model, text, k=1):
    (found,) = word_weights(model, [text], np.array([k]))
    assert "".join(piece for piece, _ in found) == text
    return found


def test_a_word_weighs_what_the_class_loses_without_it():
    found = weights(make("good"), "a good  film, good\nindeed")
    assert [piece for piece, _ in found] == ["a ", "good  ", "film, ", "good\n", "indeed"]
    np.testing.assert_allclose([w for _, w in found], np.array([0, 1, 0, 1, 0]) * (SIGMOID[2] - SIGMOID[1]), atol=1e-6)
    against = weights(make("good"), "a good  film, good\nindeed", k=0)
    np.testing.assert_allclose([w for _, w in against], [-w for _, w in found], atol=1e-6)


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_all_that_is_read_of_a_long_text_is_tried_and_what_is_not_read_weighs_nothing(prefix):
    text = "film " * 150 + "good " + "film " * 40 + "good " + "film " * 300
    model = make("good", most=180, prefix=prefix)
    found = weights(model, text)
    assert len(found) <= 49
    *read, (unread, nothing) = found
    telling = [(piece, w) for piece, w in read if w]
    assert len(telling) == 1 and "good" in telling[0][0]
    assert telling[0][1] == pytest.approx(SIGMOID[1] - SIGMOID[0], abs=1e-6)
    assert unread.count("good") == 1 and nothing == 0


def test_a_text_without_blanks_falls_into_pieces():
    text = "この映画は本当に素晴らしくて、最初から最後まで感動しました"
    found = weights(make("晴", letters=True), text)
    assert [piece for piece, w in found if w] == ["晴"]
    assert found[text.index("晴")][1] == pytest.approx(SIGMOID[1] - SIGMOID[0], abs=1e-6)
    long = text * 20  # and not into more of them than can be paid for
    model = make("晴", letters=True, most=2000)
    assert 10 < len(weights(model, long)) <= 24


def test_a_long_word_that_is_one_token_is_cut_every_few_letters():
    assert [piece for piece, _ in weights(make("good"), f"see  {'x' * 30} here")] == [
        "see  ",
        "x" * 12,
        "x" * 12,
        "x" * 6 + " ",
        "here",
    ]


def test_a_long_text_is_shown_around_what_counts_most():
    before = [(f"word{k:02d}\n", 0.0) for k in range(60)]
    after = list(before)
    before[7], after[40] = ("word07\n", -0.4), ("word40\n", 0.9)
    shown = around_strongest({"before": before, "after": after}, 60)
    numbers = [None, 6, 7, 8, None, 38, 39, 40, 41, 42, None]
    expected = ["… " if k is None else f"word{k:02d} " for k in numbers]
    assert [piece for piece, _ in shown["before"]] == [piece for piece, _ in shown["after"]] == expected
    assert [w for _, w in shown["after"]] == [0.9 if k == 40 else 0 for k in numbers]
    assert shown["before"][2] == ("word07 ", -0.4)


def test_a_short_text_is_shown_whole_and_a_huge_piece_is_shortened():
    pieces = [("a ", 0.1), ("good ", 0.2), ("film", 0.0)]
    assert around_strongest({"after": pieces}, 100) == {"after": pieces}
    assert around_strongest({"after": [("x" * 50, 0.5), ("tail" * 9, 0.0)]}, 10)["after"] == [
        ("x" * 9 + "…", 0.5),
        ("… ", 0.0),
    ]
