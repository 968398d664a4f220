"""Options that mean nothing for places in pictures are refused by name; those that mean something are kept."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image

import jeoni
from jeoni.dense.tasks.segmentation import Segmentation
from jeoni.dense.transfer import Transfer, build_dense_head
from jeoni.errors import ConfigError
from jeoni.locale import table
from jeoni.specs import CompareSpec, EvaluateSpec, FitSpec, PlanSpec, PredictSpec, Recipe
from jeoni.verbs.session.dense_limits import within_disk
from jeoni.verbs.session.dense_options import UNUSED, refuse_format, refuse_unused
from tests.conftest import TINY
from tests.dense.made import made_dataset, save_masks

FORMAT = made_dataset([None])
GIVEN = [
    (FitSpec(drop_suspects=True), r"--drop-suspects is True, which says nothing of detection\..*Leave it out"),
    (FitSpec(repeats=3), r"--repeats is 3, .* Folds are drawn once\."),
    (FitSpec(control_items=500), r"--control-items is 500, .*The control is trained on all pictures"),
    (FitSpec(class_weights="balanced"), r"--class-weights is 'balanced'"),
    (FitSpec(label_smoothing=0.1), r"--label-smoothing is 0\.1"),
    (FitSpec(mixup=0.2), r"--mixup is 0\.2, .*no places of their own"),
    (FitSpec(logit_adjustment=1.0), r"--logit-adjustment is 1\.0"),
    (FitSpec(patience=3), r"--patience is 3, .*The weights of the last step are taken"),
    (FitSpec(reuse="2"), r"--reuse is '2', .*--frozen says how many"),
    (FitSpec(crop="center"), r"--crop is 'center', .*--image-size says at which size"),
    (FitSpec(seconds=2.0), r"--seconds is 2\.0, .*about recordings"),
    (CompareSpec(halving=True), r"--halving is True, .*compared at every budget"),
    (EvaluateSpec(frames="all"), r"--frames is 'all', .*Each annotated file is one picture"),
    (PredictSpec(on="ray"), r"--on is 'ray', .*in this process only"),
]


@pytest.mark.parametrize(("spec", "text"), GIVEN)
def test_an_option_that_means_nothing_is_refused_with_what_to_do(spec, text):
    with pytest.raises(ConfigError, match=text):
        refuse_unused(spec, "detection")


# what fits, comparisons, plans, evaluations and predictions of places in pictures go by
READ = {
    *("backbone", "weights", "window", "engine", "device", "workers", "strict", "language", "seed", "cache_gb", "disk"),
    *("task", "class_names", "void", "group_pattern", "keep_leaks", "image_size", "tile", "test", "column", "frames"),
    *("strategy", "strategies", "plan", "head", "set", "frozen", "folds", "test_fraction", "control", "pictures"),
    *("steps", "epochs", "batch_size", "learning_rate", "head_learning_rate", "depth_decay", "weight_decay", "warmup"),
    *(
        "augment",
        "views",
        "ema",
        "accumulate",
        "precision",
        "budget",
        "budgets",
        "repeats",
        "measure",
        "costs",
        "format",
    ),
    *("on", "decoding", "deterministic", "oks_sigma", "boxes"),
    "stages",  # of a comparison: none is probed, and leaving that out asks for nothing
}


@pytest.mark.parametrize("kind", [FitSpec, CompareSpec, PlanSpec, EvaluateSpec, PredictSpec])
def test_every_option_is_either_read_or_refused(kind):
    refused = {one.option for one in UNUSED if issubclass(kind, one.of)}
    assert {one.name for one in fields(kind)} - refused <= READ


@pytest.mark.parametrize("spec", [FitSpec(), CompareSpec(), EvaluateSpec(), PredictSpec(), FitSpec(repeats=1)])
def test_what_is_left_at_its_default_is_not_refused(spec):
    refuse_unused(spec, "detection")


def test_every_refusal_is_told_in_both_languages():
    for language in ("en", "ko"):
        assert all(one.mend.id in table("dense", language) for one in UNUSED)


def test_a_column_is_refused_where_files_of_annotations_were_read():
    spec = FitSpec(group_column="patient")
    refuse_unused(spec, "detection", FORMAT)
    with pytest.raises(ConfigError, match="--group-column is 'patient'.*--group-pattern makes groups of paths"):
        refuse_unused(spec, "detection", replace(FORMAT, format="voc"))


def test_a_format_of_places_is_refused_for_a_model_of_whole_examples():
    with pytest.raises(ConfigError, match="format is 'coco', a format for places.*classification"):
        refuse_format(PredictSpec(format="coco"), "classification")
    refuse_format(PredictSpec(), "classification")


def test_a_limit_of_the_disk_is_shared_by_the_sides_of_a_run():
    task = Segmentation(("sky", "tree"))
    transfer = Transfer(task, build_dense_head(task, "linear"), "linear", recipe=Recipe(cache_gb=10.0))
    assert within_disk(transfer, None).recipe.cache_gb == 10.0
    assert within_disk(transfer, 4_000_000_000, 2).recipe.cache_gb == 2.0
    assert within_disk(transfer, 40_000_000_000).recipe.cache_gb == 10.0
    assert within_disk(transfer, 0).recipe.cache_gb > 0


def test_a_fit_refuses_what_its_task_and_its_head_do_not_take(tmp_path):
    small = str(save_masks(tmp_path / "masks", 6))
    options = {"backbone": TINY, "quiet": True, "out": tmp_path / "run"}
    with pytest.raises(ConfigError, match="--drop-suspects is True, which says nothing of segmentation"):
        jeoni.fit(small, drop_suspects=True, **options)
    with pytest.raises(ConfigError, match="frozen is '2', and the strategy probe decides that.*--strategy finetune"):
        jeoni.fit(small, frozen="2", strategy="probe", **options)
    with pytest.raises(ConfigError, match="learning_rate is 0.1, and the strategy probe trains no stage.*finetune too"):
        jeoni.fit(small, learning_rate=0.1, strategy="probe", **options)
    with pytest.raises(ConfigError, match="--class-weights is 'balanced'"):
        jeoni.compare(small, class_weights="balanced", **options)


def test_a_head_that_is_fitted_in_one_pass_takes_no_option_of_a_training(tmp_path):
    for k in range(6):
        (tmp_path / "parts" / "good").mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(k).integers(0, 255, (48, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "parts" / "good" / f"{k}.png")
    with pytest.raises(
        ConfigError, match="The head patchcore is fitted in one pass, not trained: --steps says nothing"
    ):
        jeoni.fit(str(tmp_path / "parts"), task="anomaly", steps=5, backbone=TINY, quiet=True, out=tmp_path / "run")
