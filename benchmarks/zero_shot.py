"""Zero-shot: sentiment of texts from class names against TF-IDF with few labels, and unseen classes of CIFAR-10.

    python benchmarks/zero_shot.py text [--data nsmc,dvd,books,electronics,kitchen] [--draws 10] [--items 0] [--budgets 8,64]
    python benchmarks/zero_shot.py images [--methods eszsl,devise] [--splits 45] [--keep FOLDER]

text: every phrasing below was fixed before anything was scored, and all are reported; each by the nearest name and with both
calibrations, on the whole test set: NSMC's test.csv, or with a 4,000-item test part of each Amazon domain that the draws of
training labels do not touch. Beside them TF-IDF (words and pairs; for Korean character n-grams of 1 to 5) with logistic
regression, its strength chosen by cross-validation in the draw, on 0 (the most frequent class), 8 and 64 labels per class.
Prints accuracy with its 95 % interval over items (of draws: over draws and items together), and the paired difference of
the average phrasing to TF-IDF. And what batch calibration costs where one class is four times as frequent as the other.

images: all 45 ways to hold two of ten classes out. Seen: 300 training images each of eight classes, frozen features of
efficientnet_lite0, all-MiniLM-L6-v2 for the names; scored on the test images of the two others, where guessing gives 50 %.
Hyper-parameters come from folds over the eight seen classes. Prints the mean accuracy over splits with its interval, by
resampling the ten classes' pairs, and how many splits are above guessing. With --keep, what each split had right is written
to a folder and not computed again.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import time
import warnings
from pathlib import Path

import numpy as np
from _data import shared
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline

from jeoni.assessment.draws import pick
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.packaged_names import E5, MINILM
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.tasks import read_targets
from jeoni.zero_shot_learning.semantics.class_texts import ClassText
from jeoni.zero_shot_learning.semantics.encoder import NEUTRAL, NameEncoder, scale_of
from jeoni.zero_shot_learning.semantics.prediction import (
    Candidates,
    build_calibration,
    build_method,
    score_by_names,
    score_by_seen,
)
from jeoni.zero_shot_learning.semantics.templates import sentences_of, templates_for

# (negative, positive), fixed beforehand; none is chosen
ENGLISH = {
    "negative / positive": ("negative", "positive"),
    "bad / good": ("bad", "good"),
    "a bad review / a good review": ("a bad review", "a good review"),
    "complaint / praise": ("complaint", "praise"),
    "I hated it / I loved it": ("I hated it", "I loved it"),
}
KOREAN = {
    "부정 / 긍정": ("부정", "긍정"),
    "나쁨 / 좋음": ("나쁨", "좋음"),
    "나쁜 영화 / 좋은 영화": ("나쁜 영화", "좋은 영화"),
    "불만 / 칭찬": ("불만", "칭찬"),
    "재미없는 영화 / 재미있는 영화": ("재미없는 영화", "재미있는 영화"),
}
CALIBRATIONS = ("none", "contextual", "batch")
TEST = 4000
RESAMPLES = 2000


def read(name: str) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Training texts and labels, test texts and labels."""

    def rows(path: Path) -> tuple[list[str], np.ndarray]:
        with open(path, encoding="utf-8") as file:
            kept = [r for r in csv.DictReader(file) if r["text"].strip()]
        return [r["text"] for r in kept], np.array([r["label"] == "positive" for r in kept], dtype=np.int64)

    if name == "nsmc":
        return *rows(shared("nsmc") / "train.csv"), *rows(shared("nsmc") / "test.csv")
    texts, labels = rows(shared("amazon_reviews") / f"{name}.csv")
    order = np.random.default_rng(0).permutation(len(texts))
    train, test = order[TEST:], order[:TEST]
    return [texts[i] for i in train], labels[train], [texts[i] for i in test], labels[test]


def interval(right: np.ndarray) -> tuple[float, float, float]:
    """The mean of ``(draws, items)`` and its 95 % interval, draws and items resampled."""
    rng = np.random.default_rng(0)
    means = []
    for _ in range(RESAMPLES):
        rows = right[rng.integers(len(right), size=len(right))].mean(0)
        means.append(rows[rng.integers(len(rows), size=len(rows))].mean())
    low, high = np.percentile(means, [2.5, 97.5])
    return float(right.mean()), float(low), float(high)


def shown(right: np.ndarray) -> str:
    return "{:.1f} ({:.1f} to {:.1f})".format(*(100 * v for v in interval(right.astype(float))))


def tfidf(texts: list[str], labels: np.ndarray, test: list[str], korean: bool) -> np.ndarray:
    letters = {"analyzer": "char_wb", "ngram_range": (1, 5)} if korean else {"ngram_range": (1, 2)}
    model = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, **letters),
        LogisticRegressionCV(
            Cs=np.logspace(-2, 4, 7), cv=5, max_iter=2000, scoring="accuracy", l1_ratios=(0.0,),
            use_legacy_attributes=False,
        ),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: np.ndarray = model.fit(texts, labels).predict(test)
    return found


def of_texts(name: str, draws: int, most: int, budgets: list[int]) -> None:
    korean = name == "nsmc"
    train, own, test, labels = read(name)
    test, labels = (test[:most], labels[:most]) if most else (test, labels)
    backbone, context = load_backbone(E5 if korean else MINILM), Context(FeatureStore())
    tap, start = Tap(backbone.n, True), time.perf_counter()
    rows = context.extract(TextItems(test), [Request(backbone, (tap,))]).features(backbone, tap).numpy()
    print(
        f"\n{name}: {len(test)} test texts, {backbone.name}, features in {time.perf_counter() - start:.0f} s",
        flush=True,
    )
    constant = max(labels.mean(), 1 - labels.mean())
    print(f"  0 labels, the most frequent class: {100 * constant:.1f}")
    encoder = NameEncoder(backbone, True, scale_of(backbone))
    neutral = encoder.rows(NEUTRAL, context)
    right: dict[str, list[np.ndarray]] = {}
    for phrasing, names in (KOREAN if korean else ENGLISH).items():
        vectors = encoder.vectors([sentences_of(ClassText(n), templates_for(names, "text")) for n in names], context)
        candidates = Candidates(vectors[:0], vectors)
        for calibration in CALIBRATIONS:
            method = build_method("nearest_name", {}, seen=False, attributes=False)
            made = build_calibration(calibration)
            scorer = score_by_names(method, candidates, rows, encoder.scale, made, neutral)
            right.setdefault(calibration, []).append(scorer.scores(rows).argmax(1) == labels)
        said = ", ".join(f"{c} {shown(right[c][-1][None])}" for c in CALIBRATIONS)
        print(f"  {phrasing}: {said}", flush=True)
    _unequal(rows, labels, encoder, context, KOREAN if korean else ENGLISH)
    means = {c: np.array(r, dtype=float).mean(0) for c, r in right.items()}  # of an item, over phrasings
    print(f"  mean of {len(right['none'])} phrasings: " + ", ".join(f"{c} {shown(m[None])}" for c, m in means.items()))
    gain = means["batch"] - means["none"]
    print(
        "  batch calibration minus none: {:+.1f} ({:+.1f} to {:+.1f})".format(*(100 * v for v in interval(gain[None])))
    )
    for budget in budgets:
        several = []
        for seed in range(draws):
            some = pick(own, np.arange(len(own)), budget, seed)
            several.append(tfidf([train[i] for i in some], own[some], test, korean) == labels)
        base = np.array(several, dtype=float)
        print(f"  TF-IDF, {budget} labels per class, {draws} draws: {shown(base)}", flush=True)
        for calibration in ("none", "batch"):
            ahead = "{:+.1f} ({:+.1f} to {:+.1f})".format(*(100 * v for v in interval(means[calibration] - base)))
            print(f"    names, calibration {calibration}, minus it: {ahead}", flush=True)


def _unequal(
    rows: np.ndarray, labels: np.ndarray, encoder: NameEncoder, context: Context, phrasings: dict[str, tuple[str, str]]
) -> None:
    """Where one class is four times as frequent as the other: what batch calibration, which takes them for equal, costs."""
    for rare in (0, 1):
        few = np.flatnonzero(labels == rare)
        some = np.sort(np.concatenate([np.flatnonzero(labels != rare), few[: (labels != rare).sum() // 4]]))
        right: dict[str, list[np.ndarray]] = {"none": [], "batch": []}
        for names in phrasings.values():
            vectors = encoder.vectors(
                [sentences_of(ClassText(n), templates_for(names, "text")) for n in names], context
            )
            method = build_method("nearest_name", {}, seen=False, attributes=False)
            for calibration, found in right.items():
                made = build_calibration(calibration)
                scorer = score_by_names(method, Candidates(vectors[:0], vectors), rows[some], encoder.scale, made, None)
                found.append(scorer.scores(rows[some]).argmax(1) == labels[some])
        means = {c: np.array(r, dtype=float).mean(0) for c, r in right.items()}
        cost = "{:+.1f} ({:+.1f} to {:+.1f})".format(
            *(100 * v for v in interval((means["batch"] - means["none"])[None]))
        )
        said = ", ".join(f"{c} {shown(m[None])}" for c, m in means.items())
        rarer = "negative" if rare == 0 else "positive"
        print(f"  80 to 20, {rarer} the rarer, mean of phrasings: {said}; batch minus none {cost}", flush=True)


def of_images(methods: list[str], splits: int, keep: Path | None) -> None:
    start = time.perf_counter()
    context, tap = Context(FeatureStore()), None
    parts = {}
    backbone = load_backbone("efficientnet_lite0")
    tap = Tap(backbone.n, True)
    for part in ("train", "test"):
        data = read_targets(load_labelled(str(shared("cifar10") / part), Columns()), "classification")
        seen = context.extract(data.items, [Request(backbone, (tap,))])
        parts[part] = seen.features(backbone, tap).numpy(), data.targets
        names = data.task.class_names  # type: ignore[union-attr]
    reader = load_backbone(MINILM)
    encoder = NameEncoder(reader, False, scale_of(reader))
    vectors = encoder.vectors([sentences_of(ClassText(n), templates_for(names, "image")) for n in names], context)
    print(f"CIFAR-10: features in {time.perf_counter() - start:.0f} s", flush=True)
    pairs = list(itertools.combinations(range(len(names)), 2))[:splits]
    for name in methods:
        rows = {pair: _split(name, pair, parts, vectors, keep) for pair in pairs}
        for pair, (accuracy, calibrated, seconds) in rows.items():
            two = " and ".join(names[k] for k in pair)
            print(
                f"  {name}, unseen {two}: {100 * accuracy:.1f}, batch {100 * calibrated:.1f}, {seconds:.0f} s",
                flush=True,
            )
        for k, how in enumerate(("inductive", "with batch calibration")):
            scores = {pair: row[k] for pair, row in rows.items()}
            mean, low, high = over_classes(scores, len(names))
            above = sum(score > 0.5 for score in scores.values())
            print(
                f"{name}, {how}: {100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f}) on {len(scores)} splits, "
                f"{above} above guessing (50)",
                flush=True,
            )


def _split(
    name: str,
    pair: tuple[int, int],
    parts: dict[str, tuple[np.ndarray, np.ndarray]],
    vectors: np.ndarray,
    keep: Path | None,
) -> tuple[float, float, float]:
    """Accuracy on the two unseen classes as it is, with batch calibration, and the seconds it took."""
    kept = keep and keep / f"{name}-{pair[0]}-{pair[1]}.npz"
    if kept and kept.exists():
        found = np.load(kept)
        return float(found["plain"]), float(found["batch"]), float(found["seconds"])
    start = time.perf_counter()
    (rows, labels), (tested, true) = parts["train"], parts["test"]
    known = np.setdiff1d(np.arange(len(vectors)), pair)
    taught, held = np.isin(labels, known), np.isin(true, pair)
    candidates = Candidates(vectors[known], vectors[list(pair)])
    seen = rows[taught], np.searchsorted(known, labels[taught])
    method = build_method(name, {}, seen=True, attributes=False)
    scorer = score_by_seen(method, candidates, seen, tested[held], build_calibration("batch"), 0)
    wanted = np.searchsorted(pair, true[held])
    plain = float((scorer.plain(tested[held]).argmax(1) == wanted).mean())
    batch = float((scorer.scores(tested[held]).argmax(1) == wanted).mean())
    seconds = time.perf_counter() - start
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, plain=plain, batch=batch, seconds=seconds)
    return plain, batch, seconds


def over_classes(scores: dict[tuple[int, int], float], classes: int) -> tuple[float, float, float]:
    """The mean over splits and its interval: splits share classes, so classes are drawn anew, not splits.

    A pair of classes counts as often as both were drawn together; a class drawn twice makes no pair with itself.
    """
    rng, values = np.random.default_rng(0), np.array(list(scores.values()))
    at = np.array(list(scores))
    means = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(classes, size=classes), minlength=classes)
        weights = times[at[:, 0]] * times[at[:, 1]]
        if weights.sum():
            means.append(float((weights * values).sum() / weights.sum()))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("text", "images"))
    parser.add_argument("--data", default="nsmc,dvd,books,electronics,kitchen")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--budgets", default="8,64", help="labels per class for TF-IDF; empty is none")
    parser.add_argument("--items", type=int, default=0, help="test texts; 0 is all")
    parser.add_argument("--methods", default="eszsl,devise")
    parser.add_argument("--splits", type=int, default=45)
    parser.add_argument("--keep", type=Path, help="a folder for what each split came to, of one version of the code")
    asked = parser.parse_args()
    if asked.what == "images":
        of_images(asked.methods.split(","), asked.splits, asked.keep)
        return
    for name in asked.data.split(","):
        of_texts(name, asked.draws, asked.items, [int(b) for b in asked.budgets.split(",") if b])


if __name__ == "__main__":
    main()
