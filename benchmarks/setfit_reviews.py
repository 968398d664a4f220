"""Reviews with few labels: ours against SetFit (Tunstall et al. 2022), with the same encoder and the same draws.

    python benchmarks/setfit_reviews.py [--budgets 8,64] [--draws 5] [--domains kitchen,books,nsmc] [--test 1000]
        [--strategies probe:gda,contrastive] [--keep outcomes.json]

English reviews (Amazon) go through all-MiniLM-L6-v2, Korean ones (nsmc) through multilingual-e5-small. `probe:gda` is the
probe with that head; `probe` alone takes the default head. What --keep holds is not computed again. Needs `pip install setfit`. SetFit runs as its documentation says (20 iterations of pairs, one epoch, batches of 16). Times are those of a fit;
ours includes running the texts through the network. Prints accuracy, the paired difference with its 95 % interval over
draws and test items, and the ratio of times (target: within noise or better, at least 5 times less time).
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared
from _kept import Kept
from nsmc import interval

from jeoni.assessment.draws import pick
from jeoni.assessment.holdout import taps_of
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.sentences import E5, MINILM, PACKAGED
from jeoni.data.splits import build_folds, repeats_for
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.libraries import import_timm
from jeoni.specs import TransferOptions
from jeoni.strategies import build_strategy
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset


@cache
def encoder_folder(name: str) -> str:
    """The encoder as Sentence Transformers reads it."""
    packaged = next(p for p in PACKAGED if p.name == name)
    path = packaged.file()
    assert path is not None
    if (path.parent / "modules.json").exists():
        return str(path.parent)
    from sentence_transformers import SentenceTransformer, models
    from transformers import PreTrainedTokenizerFast

    folder, whole = tempfile.mkdtemp(), tempfile.mkdtemp()
    network, tokenizer = packaged.load(path)
    network.save_pretrained(folder)
    special = {"unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    parts = [models.Transformer(folder, max_seq_length=packaged.most), models.Pooling(network.config.hidden_size)]
    SentenceTransformer(modules=parts).save(whole)
    return whole


def setfit(encoder: str, texts: list[str], labels: np.ndarray, test: list[str], seed: int) -> tuple[np.ndarray, float]:
    import_timm()
    import datasets
    from setfit import SetFitModel, Trainer, TrainingArguments

    prefix = next(p.prefix for p in PACKAGED if p.name == encoder)
    texts, test = [prefix + text for text in texts], [prefix + text for text in test]
    model = SetFitModel.from_pretrained(encoder_folder(encoder))
    given = datasets.Dataset.from_dict({"text": texts, "label": labels.tolist()})
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(), batch_size=16, num_epochs=1, num_iterations=20, seed=seed, report_to="none"
    )
    start = time.perf_counter()
    Trainer(model=model, args=arguments, train_dataset=given).train()
    seconds = time.perf_counter() - start
    return np.asarray(model.predict(test, show_progress_bar=False)), seconds


def ours(
    encoder: str, strategy: str, data: Dataset, chosen: np.ndarray, test: np.ndarray, seed: int
) -> tuple[np.ndarray, float]:
    backbone = load_backbone(encoder)
    name, _, head = strategy.partition(":")
    made = build_strategy(name, TransferOptions(head=head or "auto"))
    context = Context(FeatureStore(Path(tempfile.mkdtemp())), seed=seed)
    start = time.perf_counter()
    part = data.select(chosen)
    here = np.arange(len(chosen))
    seen = context.extract(part.items, [Request(backbone, taps_of(made, backbone, len(chosen)))])
    folds = build_folds(part.targets, here, 5, repeats_for(len(chosen)), seed)
    model = made.fit(backbone, Examples(part, here, seen, here, folds), context)
    seconds = time.perf_counter() - start
    # a store that lasts: a probe's features of the test texts are computed once for all draws
    kept = Context(FeatureStore(), engine="auto")
    tap = Tap(backbone.n, True)
    rows = kept.extract(data.select(test).items, [Request(model.backbone, (tap,))])
    return model.predict_features(rows.features(model.backbone, tap)).argmax(1), seconds


def reviews(domain: str, test: int) -> tuple[Dataset, np.ndarray, np.ndarray]:
    """Labelled reviews, which of them are tested on, and which may be learned from."""
    files = ("nsmc/train.csv", "nsmc/test.csv") if domain == "nsmc" else (f"amazon_reviews/{domain}.csv",)
    rows = []
    for file in files:
        with open(shared(file), encoding="utf-8", newline="") as opened:
            rows.append([row for row in csv.DictReader(opened) if row["text"].strip()])
    every = [row for part in rows for row in part]
    labels = np.array([row["label"] in ("positive", "1") for row in every], dtype=np.int64)
    texts = TextItems([row["text"] for row in every])
    data = Dataset(domain, texts, labels, Classification(("negative", "positive")), modality="text")
    pool, tested = (len(rows[0]), len(rows[1])) if len(rows) > 1 else (0, len(every))
    order = np.random.default_rng(0).permutation(tested) + pool
    return data, np.sort(order[:test]), np.arange(pool) if pool else order[test:]


def outcome(name: str, encoder: str, data: Dataset, chosen: np.ndarray, test: np.ndarray, seed: int) -> dict[str, Any]:
    """What a method, SetFit or one of ours, has right in the test items, and the seconds of its fit."""
    labels = data.targets
    if name == "setfit":
        learned, asked_of = ([data.items.text(int(i)) for i in some] for some in (chosen, test))
        said, took = setfit(encoder, learned, labels[chosen], asked_of, seed)
    else:
        said, took = ours(encoder, name, data, chosen, test, seed)
    return {"right": (said == labels[test]).tolist(), "seconds": took}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", default="8,64")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--domains", default="kitchen,books")
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--strategies", default="probe,contrastive")
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept = Kept(asked.keep)
    for budget, domain in product(map(int, asked.budgets.split(",")), asked.domains.split(",")):
        data, test, rest = reviews(domain, asked.test)
        labels, encoder = data.targets, E5 if domain == "nsmc" else MINILM
        right: dict[str, list[np.ndarray]] = {}
        seconds: dict[str, list[float]] = {}
        for seed in range(asked.draws):
            chosen = pick(labels, rest, budget, seed)
            for name in ("setfit", *asked.strategies.split(",")):
                found = kept.get(
                    f"{domain}, {budget} per class, draw {seed}, {name}, {asked.test} tested",
                    partial(outcome, name, encoder, data, chosen, test, seed),
                )
                right.setdefault(name, []).append(np.array(found["right"]))
                seconds.setdefault(name, []).append(found["seconds"])
            line = ", ".join(f"{n} {v[-1].mean():.3f} in {seconds[n][-1]:.0f} s" for n, v in right.items())
            print(f"  {domain}, {budget} per class, draw {seed}: {line}", flush=True)
        report(f"{domain}, {budget} per class", right, seconds)


def report(where: str, right: dict[str, list[np.ndarray]], seconds: dict[str, list[float]]) -> None:
    """Accuracy of each, its difference to SetFit, and the ratio of times."""
    base = np.array(right["setfit"], dtype=float)
    for name, values in right.items():
        found = np.array(values, dtype=float)
        low, high = interval(found)
        line = f"{where}, {name}: accuracy {found.mean():.4f} ({low:.4f} to {high:.4f}), {np.median(seconds[name]):.1f} s a fit"
        if name != "setfit":
            below, above = interval(found - base)
            ratio = np.median(np.array(seconds["setfit"]) / np.array(seconds[name]))
            line += f"; minus setfit {100 * (found - base).mean():+.1f} points ({100 * below:.1f} to {100 * above:.1f}), {ratio:.1f} times faster"
        print(line, flush=True)


if __name__ == "__main__":
    main()
