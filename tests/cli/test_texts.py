from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import jeoni as package
from jeoni.features.examples import Context
from jeoni.features.store import FeatureStore
from jeoni.runs import read_json


@pytest.fixture
def backbone(encoder_folder):
    return ("--backbone", encoder_folder("bert"))


def test_a_fit_on_texts_is_that_on_photos(jeoni, make_reviews, backbone, tmp_path):
    done = jeoni("fit", make_reviews(each=60), *backbone, "--out", tmp_path / "run", "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out.splitlines()[-1])
    assert said["scores"]["accuracy"]["value"] > 0.6
    record = read_json(tmp_path / "run" / "run.json")
    assert [s["name"] for s in record["cut"]["stages"]] == ["embeddings", "layer 1", "layer 2", "layer 3", "pool"]
    gallery = read_json(tmp_path / "run" / "figures" / "gallery.json")
    assert all(e["text"] and "thumb" not in e for e in gallery["doubtful"])
    looks = read_json(tmp_path / "run" / "figures" / "looks.json")
    assert looks["hits"][0]["words"][0]["pieces"]
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Which words moved the decision" in page and "<blockquote>" in page


def test_a_word_far_behind_in_a_long_text_is_found_and_shown(jeoni, backbone, tmp_path):
    rng = np.random.default_rng(0)
    rows = ["review,label"]
    for k in range(60):
        start = " ".join("".join(rng.choice(list("qxzj"), 12)) for _ in range(30 + k // 2 % 8))  # from 389 letters on
        rows.append(f"{start} {('awful', 'lovely')[k % 2]} film,{('bad', 'good')[k % 2]}")
    (tmp_path / "long.csv").write_text("\n".join(rows), encoding="utf-8")
    done = jeoni("fit", tmp_path / "long.csv", *backbone, "--out", tmp_path / "run", "--no-control")
    assert done.code == 0, done.err
    hits = read_json(tmp_path / "run" / "figures" / "looks.json")["hits"]
    assert hits
    for hit in hits:
        pieces = hit["words"][0]["pieces"]
        strongest = max(pieces, key=lambda piece: piece[1])[0]
        assert strongest.strip() == {"bad": "awful", "good": "lovely"}[hit["predicted"]]
        assert sum(len(text) for text, _ in pieces if text != "… ") <= 360 and ["… ", 0.0] in pieces


def test_a_second_fit_computes_nothing_and_a_model_survives_the_disk(jeoni, make_reviews, backbone, tmp_path):
    table = make_reviews(each=40)
    first = package.fit(table, backbone=str(backbone[1]), out=tmp_path / "run", control=False)
    again = package.fit(table, backbone=str(backbone[1]), out=tmp_path / "again", control=False)
    assert read_json(tmp_path / "again" / "run.json")["engine"]["name"] == "cache"
    assert again.metrics == first.metrics
    texts = ["a lovely film", "the weak story of many days"]
    kept = package.load_model(tmp_path / "run")
    fresh = Context(FeatureStore(tmp_path / "other"), engine="torch")
    np.testing.assert_allclose(
        kept.predict(texts, fresh).probs, first.model.predict(texts).probs, atol=5e-3
    )  # in bfloat16, perhaps
    done = jeoni("predict", tmp_path / "run", table, "--out", tmp_path / "said.csv")
    assert done.code == 0, done.err
    with open(tmp_path / "said.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 80 and rows[0]["path"] == "row 0"

    odd = tmp_path / "odd.csv"
    odd.write_text("first,second\na lovely film,1 of 2\nthe weak story,2 of 2\n")
    assert jeoni("predict", tmp_path / "run", odd).code == 1
    done = jeoni("predict", tmp_path / "run", odd, "--column", "first", "--json", "--out", tmp_path / "odd_said.csv")
    assert done.code == 0 and json.loads(done.out.splitlines()[-1])["predicted"] == 2


@pytest.mark.parametrize(
    "strategy", ["finetune", "contrastive", "lora", "layer_reuse", "scratch", "bias_only", "distill"]
)
def test_texts_are_moved_in_every_manner(strategy, make_reviews, backbone, tmp_path):
    done = package.fit(
        make_reviews(each=40),
        backbone=str(backbone[1]),
        strategy=strategy,
        steps=12,
        control=False,
        out=tmp_path / "run",
        **({"frozen": "layer 1"} if strategy == "finetune" else {}),
    )
    training = read_json(tmp_path / "run" / "run.json")["training"]
    assert training["frozen_identical"]
    texts = ["a lovely film", "the weak story of many days", "night"]
    kept = package.load_model(tmp_path / "run" / "model")
    np.testing.assert_allclose(kept.predict(texts).probs, done.model.predict(texts).probs, atol=1e-5)


def test_only_real_tokens_are_kept_at_the_cut(make_reviews, backbone, tmp_path):
    package.fit(
        make_reviews(each=40), backbone=str(backbone[1]), strategy="finetune", frozen="layer 2", steps=5,
        control=False, out=tmp_path / "run",
    )  # fmt: skip
    rows = read_json(tmp_path / "run" / "run.json")["training"]["rows"]
    assert rows["cached"] and 4 * 2 * 33 < rows["row_bytes"] < 22 * 2 * 33  # tokens, half floats, width and mask


def test_a_comparison_of_texts_probes_every_layer(jeoni, make_reviews, backbone, tmp_path):
    done = jeoni(
        "compare", make_reviews(each=40), *backbone, "--strategies", "probe,finetune", "--budgets", "8",
        "--repeats", "2", "--steps", "5", "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.err
    stages = read_json(tmp_path / "run" / "comparison.json")["stages"]
    assert [s["name"] for s in stages] == ["embeddings", "layer 1", "layer 2", "layer 3", "pool"]


def test_long_empty_and_contradicting_texts_are_found(jeoni, make_reviews, backbone, tmp_path):
    table = make_reviews(each=40)
    with open(table, "a", encoding="utf-8") as file:
        file.write(
            f'"{"film " * 90}",good\n" ",bad\n"said twice",good\n"Said twice!",bad\n"the same","good"\n"the same",bad\n'
        )
    done = jeoni("fit", table, *backbone, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    with open(tmp_path / "run" / "issues.csv", encoding="utf-8") as file:
        kinds = {row["kind"] for row in csv.DictReader(file)}
    assert {"shortened", "unreadable", "near_duplicate", "label_conflict"} <= kinds


def test_a_backbone_for_images_is_refused_for_texts(jeoni, make_reviews):
    done = jeoni("fit", make_reviews(), "--backbone", "untrained:test_resnet")
    assert done.code == 1
    assert "takes images; the data are texts" in done.err


@pytest.mark.parametrize("family", ["hubert", "whisper"])
def test_a_backbone_that_hears_is_refused_for_texts(jeoni, make_reviews, listener_folder, family):
    done = jeoni("fit", make_reviews(), "--backbone", listener_folder(family))
    assert done.code == 1
    assert "takes sounds; the data are texts. Leave --backbone out, or see `jeoni list backbones`" in done.err


def test_texts_for_a_model_of_images_are_refused(jeoni, make_photos, make_reviews, tmp_path):
    jeoni("fit", make_photos(each=12), "--backbone", "untrained:test_resnet", "--out", tmp_path / "run")
    done = jeoni("predict", tmp_path / "run", make_reviews())
    assert done.code == 1
    assert "holds texts; the model takes images" in done.err
