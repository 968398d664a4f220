from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest
import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.data.text_items import TextItems
from jeoni.errors import DataError
from jeoni.features import chunks as chunks_module
from jeoni.features import jobs as jobs_module
from jeoni.features.extract import Request, extract
from jeoni.features.store import FeatureStore
from jeoni.modalities.image import pictures as images_module
from jeoni.modalities.image.images import open_image

BACKBONE = "untrained:test_resnet"


@pytest.fixture(scope="module")
def backbone():
    return load_backbone(BACKBONE)


def files(root):
    paths = sorted(str(p) for p in root.rglob("*.*"))
    return FileItems(paths, paths), paths


def test_features_are_what_the_network_gives_for_each_image(make_photos, backbone):
    items, paths = files(make_photos(each=7))
    taps = (Tap(2, True), Tap(3, False), Tap(backbone.n, True))
    seen = extract(items, [Request(backbone, taps)], FeatureStore(), threads=2, engine="onnxruntime")
    images = [backbone.input.row(open_image(items.read(i), paths[i])) for i in range(len(paths))]
    batch = (torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    with torch.inference_mode():
        wanted = backbone.network(batch).numpy()
    np.testing.assert_allclose(seen.features(backbone, taps[2]).numpy(), wanted, rtol=1e-3, atol=1e-4)
    pooled, whole = seen.features(backbone, taps[0]), seen.features(backbone, taps[1])
    assert (pooled.shape[0], len(pooled.shape)) == (14, 2)
    assert (whole.shape[0], len(whole.shape)) == (14, 4)
    assert seen.computed == 14


def test_what_was_computed_once_is_never_computed_again(make_photos, backbone, monkeypatch):
    root = make_photos(each=5)
    items, _ = files(root)
    request = Request(backbone, (Tap(backbone.n, True),))
    first = extract(items, [request], FeatureStore())
    with monkeypatch.context() as patched:
        patched.setattr(images_module, "open_image", lambda *a, **k: pytest.fail("an image was decoded again"))
        again = extract(items, [request], FeatureStore())
    assert (first.computed, again.computed) == (10, 0)
    assert again.choices == (None,)


def test_remarks_that_were_lost_are_made_again_and_nothing_else_is(encoder_folder, tmp_path):
    backbone = load_backbone(str(encoder_folder("bert")))
    texts = TextItems(["the film", "film " * 100, "a dull story"])
    request, store = Request(backbone, (Tap(backbone.n, True),)), FeatureStore(tmp_path)
    first = extract(texts, [request], store, engine="torch")
    (folder,) = [t.folder for t in store.listing() if t.key and t.key.name.startswith("remarks")]
    shutil.rmtree(folder)
    again = extract(texts, [request], store, engine="torch")
    assert list(again.remarks["shortened"]) == list(first.remarks["shortened"]) == [1]
    assert again.choices == (None,)


def test_only_new_images_are_computed_wherever_they_lie(make_photos, backbone, tmp_path, monkeypatch):
    monkeypatch.setenv("JEONI_CACHE", str(tmp_path / "cache"))
    request = Request(backbone, (Tap(backbone.n, True),))
    extract(files(make_photos("a", each=5))[0], [request], FeatureStore())
    more = make_photos("b", each=5)
    make_photos("b", each=2, first=5)
    assert extract(files(more)[0], [request], FeatureStore()).computed == 4


def test_another_backbone_shares_the_pass_and_not_the_rows(make_photos, backbone):
    other = load_backbone("untrained:test_vit")
    items, _ = files(make_photos(each=4))
    tap, others = Tap(backbone.n, True), Tap(other.n, True)
    seen = extract(items, [Request(backbone, (tap,)), Request(other, (others,))], FeatureStore())
    assert seen.computed == 8
    assert seen.features(backbone, tap).shape == (8, backbone.dim)
    assert seen.features(other, others).shape == (8, other.dim)


def test_bad_files_are_named_and_skipped_or_stop_a_strict_run(make_photos, backbone):
    root = make_photos(each=3)
    (root / "class_0" / "bad.png").write_text("no image")
    items, paths = files(root)
    request = Request(backbone, (Tap(backbone.n, True),))
    seen = extract(items, [request], FeatureStore())
    (number,) = seen.errors
    assert paths[number].endswith("bad.png") and "is not an image" in seen.errors[number]
    assert seen.readable.sum() == 6
    assert seen.features(backbone, Tap(backbone.n, True), np.flatnonzero(seen.readable)).shape[0] == 6
    with pytest.raises(DataError, match=r"bad\.png is not an image"):
        extract(items, [request], FeatureStore(), strict=True)


@pytest.mark.parametrize(("gpu", "threads", "largest"), [(False, 1, 8), (True, 1, 20), (True, 4, 8)])
def test_an_accelerator_gets_more_at_once_as_far_as_all_threads_have_work(
    gpu, threads, largest, make_photos, backbone, monkeypatch
):
    items, _ = files(make_photos(each=20))
    sizes = []
    monkeypatch.setattr(jobs_module, "accelerated", lambda wanted: gpu)
    choose = jobs_module.choose

    def watched(*given):
        choice = choose(*given)
        return dataclasses.replace(choice, run=lambda batch: (sizes.append(len(batch)), choice.run(batch))[1])

    monkeypatch.setattr(jobs_module, "choose", watched)
    extract(items, [Request(backbone, (Tap(backbone.n, True),))], FeatureStore(), threads=threads)
    assert max(sizes) == largest and sum(sizes) == 40


def test_an_interruption_keeps_what_was_computed(make_photos, backbone, monkeypatch):
    items, _ = files(make_photos(each=20))
    request = Request(backbone, (Tap(backbone.n, True),))
    genuine, calls = chunks_module._work, []

    def work(*args):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return genuine(*args)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(chunks_module, "_work", work)
        patched.setattr(chunks_module, "ON_ACCELERATOR", 1)
        extract(items, [request], FeatureStore())
    rest = extract(items, [request], FeatureStore())
    assert 0 < rest.computed < 40


def test_rows_are_found_in_the_precision_they_were_computed_in_whatever_else_is_there(
    make_photos, backbone, monkeypatch
):
    tap = Tap(backbone.n, True)
    request = Request(backbone, (tap,))
    some, _ = files(make_photos("some", each=3))
    genuine = jobs_module.choose

    def in_half(*args):
        return dataclasses.replace(genuine(*args), precision="bfloat16")

    with monkeypatch.context() as patched:
        patched.setattr(jobs_module, "choose", in_half)
        extract(some, [request], FeatureStore(), engine="torch")
    others, _ = files(make_photos("others", each=9, first=100))
    extract(others, [request], FeatureStore(), engine="torch")
    assert extract(some, [request], FeatureStore(), engine="torch").computed == 0
    assert extract(others, [request], FeatureStore(), engine="torch").computed == 0


def test_pixels_are_kept_once_for_all_backbones_that_expect_the_same(make_photos, backbone):
    items, _ = files(make_photos(each=2))
    tap = Tap(0, False)
    first = extract(items, [Request(backbone, (tap,))], FeatureStore())
    twin = dataclasses.replace(backbone, fingerprint="other weights")
    again = extract(items, [Request(twin, (tap,))], FeatureStore())
    assert (first.computed, again.computed, again.choices) == (4, 0, (None,))
    pixels = again.features(twin, tap).numpy()
    size = backbone.input.size
    assert pixels.shape == (4, size, size, 3) and pixels.dtype == np.uint8


def test_views_are_kept_beside_the_plain_rows_and_only_new_ones_are_computed(make_photos, backbone):
    items, _ = files(make_photos(each=2))
    tap = Tap(2, False)
    extract(items, [Request(backbone, (tap,))], FeatureStore())
    two = extract(items, [Request(backbone, (tap,), (1, 2), "light")], FeatureStore())
    more = extract(items, [Request(backbone, (tap,), (0, 1, 2, 3), "light")], FeatureStore())
    rows = [more.features(backbone, tap, view=v).numpy() for v in range(4)]
    assert all(r.dtype == np.float16 for r in rows)
    assert all(not np.array_equal(rows[a], rows[b]) for a in range(4) for b in range(a))
    np.testing.assert_array_equal(two.features(backbone, tap, view=2).numpy(), rows[2])
    assert extract(items, [Request(backbone, (tap,), (3,), "light")], FeatureStore()).computed == 0
    assert extract(items, [Request(backbone, (tap,), (3,), "strong")], FeatureStore()).computed == 4


def test_rows_that_a_gpu_left_in_float16_are_found_where_there_is_none(make_photos, backbone, monkeypatch):
    items, _ = files(make_photos(each=3))
    request = Request(backbone, (Tap(backbone.n, True), Tap(0, False)))
    genuine = jobs_module.choose

    def in_half(*args):
        return dataclasses.replace(genuine(*args), precision="float16")

    with monkeypatch.context() as patched:
        patched.setattr(jobs_module, "choose", in_half)
        patched.setattr(jobs_module, "accelerated", lambda wanted: True)
        first = extract(items, [request], FeatureStore(), engine="torch")
    monkeypatch.setattr(jobs_module, "choose", lambda *args: pytest.fail("an engine was asked for"))
    again = extract(items, [request], FeatureStore(), engine="torch")
    assert (first.computed, again.computed) == (6, 0)
    assert not any(t.key.precision == "float16" for t in FeatureStore().listing() if t.key and t.key.stage == 0)
