"""What single methods promise: two different views, masks, codes that solve a lasso, resuming, and clear refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.decomposition import SparseCoder

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.coding import SparseCodes
from jeoni.backbones.sources.coded import Coded
from jeoni.backbones.sources.dcgan import DCGAN
from jeoni.data.items import ArrayItems
from jeoni.data.text_items import TextItems
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.features.examples import Context
from jeoni.pretraining.learning.method import build_method
from jeoni.pretraining.learning.two_views import TwoViews
from jeoni.pretraining.masked_language import MaskedLanguage, Masking, special_tokens
from jeoni.pretraining.sparse_coding import SparseCoding
from jeoni.training.rows import ArrayRows
from tests.conftest import FILLER, save_photos
from tests.pretraining.made_starts import (
    SHORT,
    small_backbone,
    start_from,
    start_on_photos,
    text_backbone,
    texts,
    unlabelled,
)


class Numbered(ArrayRows):
    """Rows that say which epoch they were asked for."""

    def batch(self, index, epoch):
        return np.stack([index, epoch], 1)


def test_both_halves_of_a_batch_are_the_same_examples_in_different_views():
    kept, n = 4, 10
    rows = TwoViews(Numbered(np.zeros((n, 1))), kept)
    pairs = set()
    for epoch in range(24):
        first = rows.batch(np.arange(n), np.full(n, epoch))
        second = rows.batch(np.arange(n) + n, np.full(n, epoch))
        assert (first[:, 0] == second[:, 0]).all()
        views = [(part[:, 0] * 7919 + part[:, 1]) % kept for part in (first, second)]
        assert (views[0] != views[1]).all()
        pairs |= set(zip(views[0].tolist(), views[1].tolist(), strict=True))
    assert len(pairs) == kept * (kept - 1)  # all of them come up
    live = TwoViews(Numbered(np.zeros((n, 1))), 0)
    seen = [live.batch(np.arange(n) + k * n, np.full(n, e))[0, 1] for e in range(5) for k in (0, 1)]
    assert len(set(seen)) == 10  # no view comes twice


def test_masks_take_their_shares_and_leave_special_tokens_and_padding_alone():
    known = np.arange(3, 40)
    masking = Masking(MaskedLanguage(), 2, np.array([0, 1]), known)
    tokens = torch.randint(3, 40, (400, 50), generator=torch.Generator().manual_seed(0), dtype=torch.int32)
    tokens[:, 0], tokens[:, -5:] = 0, -1
    torch.manual_seed(0)
    hidden, wanted = masking(tokens)
    words = (tokens >= 3).sum()
    assert not wanted[:, 0].any() and not wanted[:, -5:].any()
    assert float(wanted.sum() / words) == pytest.approx(0.15, abs=0.01)
    assert float((hidden[wanted] == 2).float().mean()) == pytest.approx(0.8, abs=0.02)
    same = float((hidden[wanted] == tokens[wanted]).float().mean())
    assert same == pytest.approx(0.1 + 0.1 / len(known), abs=0.02)  # a drawn token may be the same one
    assert torch.equal(hidden[~wanted], tokens[~wanted])


def test_guessing_words_is_learned_from_a_corpus():
    recipe = dataclasses.replace(
        SHORT, steps=40, batch_size=16, learning_rate=3e-3, head_learning_rate=1e-2, frozen="1"
    )
    backbone, method = text_backbone(), MaskedLanguage()
    corpus = [" ".join([*FILLER[:10], word]) for word in 2 * FILLER]  # the place of a word says which one it is
    found = method.learn(start_from(backbone, unlabelled(TextItems(corpus), "text"), method, recipe))
    losses = found.course.terms["guessing"]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:5])
    assert set(special_tokens(backbone).tolist()) == {0, 1, 2, 3, 4}


def test_embeddings_move_only_where_they_are_not_frozen():
    table = "model.embeddings.word_embeddings.weight"
    for frozen, moved in (("0", True), ("1", False)):
        backbone = text_backbone()
        start = start_from(backbone, texts(), MaskedLanguage(), dataclasses.replace(SHORT, frozen=frozen))
        after = MaskedLanguage().learn(start).backbone.network.state_dict()[table]
        assert torch.equal(backbone.network.state_dict()[table], after) is not moved


def test_codes_are_the_solution_of_the_lasso_that_scikit_learn_finds():
    rng = np.random.default_rng(0)
    codes = SparseCodes(12, 20, 0.1, 400)
    x = rng.normal(size=(15, 12)) / np.sqrt(12)
    with torch.inference_mode():
        found = codes(torch.from_numpy(x).float()).numpy()
    dictionary = codes.dictionary.detach().double().numpy()
    coder = SparseCoder(dictionary, transform_algorithm="lasso_cd", transform_alpha=0.1, transform_max_iter=5000)
    wanted = coder.transform(x)
    assert np.abs(found - wanted).max() < 2e-3
    assert ((np.abs(found) > 1e-3) == (np.abs(wanted) > 1e-3)).mean() > 0.98


def sparse_rows(n=400):
    """Rows that are sums of two of eight orthonormal directions."""
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    weights = np.zeros((n, 8))
    for row in weights:
        row[rng.choice(8, 2, replace=False)] = rng.choice([-1, 1], 2)
    return weights @ directions, directions


def test_the_bases_that_data_were_made_of_are_found_again():
    rows, directions = sparse_rows()
    found = SparseCoding(penalty=0.2, passes=60).dictionary(rows / np.sqrt(2), 8, seed=0)
    nearest = np.abs(found @ directions.T).max(0)
    assert (nearest > 0.95).sum() >= 7


def test_a_coded_backbone_has_one_more_stage_and_can_be_cut_before_it():
    from jeoni.backbones.cut import cut

    for backbone, data in ((small_backbone(), None), (text_backbone(), texts())):
        method = SparseCoding(atoms=6, passes=1)
        if data is None:
            images = np.random.default_rng(0).integers(0, 255, (12, 48, 48, 3), dtype=np.uint8)
            data = unlabelled(ArrayItems(images), "image")
        found = method.learn(start_from(backbone, data, method)).backbone
        assert [s.name for s in found.stages] == [*(s.name for s in backbone.stages), "codes"] and found.dim == 6
        for frozen in (1, backbone.n - 1, backbone.n):
            assert cut(found, frozen).apart
        with pytest.raises(ConfigError, match=r"ends with sparse codes already"):
            method.learn(start_from(found, data, method))


def test_an_interrupted_game_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    photos = save_photos(tmp_path / "photos", each=8)
    method = build_method("dcgan", {"width": 4, "noise": 8})

    def learned(name):
        context = Context(engine="torch", checkpoints=tmp_path / name)
        return method.learn(start_on_photos(method, photos, SHORT, context))

    whole = learned("whole")
    from jeoni.training import loop

    made = loop._State.make_step

    def stopping(state, fetched, machine):
        if state.step == 3:
            raise KeyboardInterrupt
        made(state, fetched, machine)

    monkeypatch.setattr(loop._State, "make_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        learned("parts")
    monkeypatch.setattr(loop._State, "make_step", made)
    again = learned("parts")
    assert again.backbone.fingerprint == whole.backbone.fingerprint
    assert again.course == whole.course and np.array_equal(again.samples, whole.samples)


def test_statistics_of_a_discriminator_are_those_of_real_images(tmp_path):
    method = build_method("dcgan", {"width": 4, "noise": 8})
    start = start_on_photos(
        method, save_photos(tmp_path / "photos", each=8), dataclasses.replace(SHORT, augment="none")
    )
    network = method.learn(start).backbone.network
    from jeoni.backbones.cut import Tap

    rows = torch.from_numpy(np.asarray(start.context.extract(
        start.examples.data.items, [_pixels(start.backbone)]).features(start.backbone, Tap(0, False))[np.arange(16)]
    ))  # fmt: skip
    with torch.inference_mode():
        given = network.blocks[0][0](network.stem((rows.permute(0, 3, 1, 2) / 255 - 0.5) / 0.5))
    assert torch.allclose(network.blocks[0][1].running_mean, given.mean((0, 2, 3)), atol=1e-4)


def _pixels(backbone):
    from jeoni.backbones.cut import Tap
    from jeoni.features.extract import Request

    return Request(backbone, (Tap(0, False),))


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("masked_language", {"share": 1.5}, "share is 1.5; it is the share of tokens"),
        ("masked_language", {"masked": 0.9, "swapped": 0.2}, "both are shares, and together at most 1"),
        ("autoencoder", {"damage": 1.0}, "damage is 1; it is a share of the input"),
        ("dcgan", {"side": 48}, "side can be 32 or 64"),
        ("vicreg", {"widht": 3}, "vicreg has no setting 'widht'.*Did you mean"),
    ],
)
def test_settings_that_cannot_be(name, settings, said):
    with pytest.raises(ConfigError, match=said):
        build_method(name, settings)


@pytest.mark.parametrize(
    ("name", "recipe", "said"),
    [
        ("vicreg", {"views": 1}, "views is 1; vicreg compares two views"),
        ("lejepa", {"augment": "none"}, "augment is none; lejepa compares random views"),
        ("vicreg", {"frozen": "5"}, "nothing is left to train"),
        ("autoencoder", {"batch_size": 99}, "autoencoder learns from batches of 99 items; there are 16"),
        ("dcgan", {"frozen": "2"}, "dcgan trains a network from random weights, whole"),
    ],
)
def test_recipes_that_cannot_be(name, recipe, said, tmp_path):
    recipe = dataclasses.replace(SHORT, **recipe)
    method = build_method(name)
    if recipe.frozen == "5":
        recipe = dataclasses.replace(recipe, frozen=str(small_backbone().n))
    start = start_on_photos(method, save_photos(tmp_path / "photos", each=8), recipe)
    with pytest.raises(ConfigError, match=said):
        method.learn(start)


def test_backbones_that_a_method_cannot_train():
    plain = text_backbone(masked=False)
    with pytest.raises(ConfigError, match=r"The tokenizer of tiny has no mask \(\[MASK\] or <mask>\)"):
        MaskedLanguage().learn(start_from(plain, texts(), MaskedLanguage()))
    with pytest.raises(ConfigError, match=r"hides tokens of texts; untrained:test_resnet takes image rows"):
        images = np.random.default_rng(0).integers(0, 255, (12, 48, 48, 3), dtype=np.uint8)
        data = unlabelled(ArrayItems(images), "image")
        MaskedLanguage().learn(start_from(small_backbone(), data, MaskedLanguage()))
    for name in ("vicreg", "autoencoder"):
        method = build_method(name)
        with pytest.raises(ConfigError, match=rf"{name} .*Take a backbone for\s+images"):
            method.learn(start_from(text_backbone(), texts(), method))
    method = build_method("supervised")
    with pytest.raises(DataError, match=r"supervised learns from labels, and the data have none"):
        method.learn(start_from(text_backbone(), texts(), MaskedLanguage()))


def test_codes_and_discriminators_are_no_backbones_by_name_and_damaged_arguments_are_told():
    with pytest.raises(WeightsError, match=r"coded:mine is no backbone by name.*--method sparse_coding"):
        load_backbone("coded:mine")
    with pytest.raises(WeightsError, match=r"dcgan:mine is no backbone by name.*--method dcgan"):
        load_backbone("dcgan:mine")
    with pytest.raises(WeightsError, match=r"arguments of the codes on resnet18 are damaged"):
        Coded().build("resnet18", {"library": "timm", "arguments": {}, "dim": -1})
    with pytest.raises(WeightsError, match=r"arguments of the discriminator dcgan_32 are damaged"):
        DCGAN().build("dcgan_32", {"side": 33, "width": 8})
