from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.images import open_image, to_input
from jeoni.data.items import FileItems
from jeoni.errors import DataError
from jeoni.features import extract as extract_module
from jeoni.features.extract import Request, extract
from jeoni.features.store import FeatureStore

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
    images = [to_input(open_image(items.read(i), paths[i]), backbone.input) for i in range(len(paths))]
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
        patched.setattr(extract_module, "open_image", lambda *a, **k: pytest.fail("an image was decoded again"))
        again = extract(items, [request], FeatureStore())
    assert (first.computed, again.computed) == (10, 0)
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


def test_an_interruption_keeps_what_was_computed(make_photos, backbone, monkeypatch):
    items, _ = files(make_photos(each=20))
    request = Request(backbone, (Tap(backbone.n, True),))
    genuine, calls = extract_module._work, []

    def work(*args):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return genuine(*args)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(extract_module, "_work", work)
        extract(items, [request], FeatureStore())
    rest = extract(items, [request], FeatureStore())
    assert 0 < rest.computed < 40
