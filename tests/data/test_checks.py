from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from jeoni.data.checks import check_content, check_labels, without_lost_targets
from jeoni.data.items import ArrayItems, FileItems, content_digest
from jeoni.errors import DataError
from jeoni.modalities.text.texts import text_signature
from jeoni.types import Dataset
from tests.made_tasks import classes as of_classes


def make_data(labels, part=None, groups=None, classes=("a", "b", "c")):
    n = len(labels)
    items = ArrayItems(np.zeros((n, 2, 2), np.uint8), [f"f{i}" for i in range(n)])
    return Dataset(
        "it",
        items,
        np.array(labels, dtype=np.int64),
        of_classes(classes),
        None if groups is None else np.array(groups, dtype=np.int64),
        np.array(part or [""] * n, dtype="<U5"),
    )


def make_signatures(pictures, seed=0):
    """One signature per letter; a letter with a stroke is nearly the same picture."""
    rng = np.random.default_rng(seed)
    known = {}
    rows = []
    for p in pictures:
        base = known.setdefault(p[0], rng.integers(0, 250, 1024))
        rows.append(base + (rng.integers(0, 2, 1024) if len(p) > 1 else 0))
    return np.array(rows, dtype=np.uint8).reshape(-1, 1024)


def check(pictures, labels, unread=(), keep_leaks=False, **more):
    """``pictures``: equal words are identical files; words of one first letter look alike."""
    n = len(pictures)
    readable = np.array([i not in unread for i in range(n)])
    digests = [p.encode() if i not in unread else b"" for i, p in enumerate(pictures)]
    seen = [p for i, p in enumerate(pictures) if i not in unread]
    errors = {i: f"f{i} is truncated" for i in unread}
    return check_content(make_data(labels, **more), digests, make_signatures(seen), 0.999, readable, errors, keep_leaks)


def told(checked):
    return sorted((f.kind, f.path, f.other, f.action) for f in checked.findings)


def together(checked):
    return {
        frozenset(np.flatnonzero(checked.clusters == c).tolist())
        for c in np.unique(checked.clusters)
        if (checked.clusters == c).sum() > 1
    }


def test_sound_data_have_no_findings():
    assert check_labels(make_data([0, 1, 2] * 4)) == []
    checked = check(["p", "q", "r", "s"], [0, 1, 0, 1])
    assert checked.findings == [] and checked.keep.all() and together(checked) == set()


@pytest.mark.parametrize(
    "labels, part, message",
    [
        ([-1, -1], None, "it holds no labelled items; jeoni fit needs labels"),
        ([1, 1, -1], None, r"it holds one class only \(b\)"),
        ([0, 0, 1, 1], ["", "", "test", "test"], r"do not: b. The training data hold a"),
        ([0, 1, 2], None, "Every class has one item only, so that none can be held out"),
    ],
)
def test_labels_that_cannot_be_learnt_from_are_refused(labels, part, message):
    with pytest.raises(DataError, match=message):
        check_labels(make_data(labels, part))


def test_empty_and_small_classes_are_told():
    found = {f.kind: f.detail for f in check_labels(make_data([0, 0, 1]))}
    assert found == {
        "empty_class": "the class c has no items",
        "small_class": "the class b has one item only; it cannot be tested",
    }


@pytest.mark.parametrize("most, told_of", [(5, False), (6, True)])
def test_imbalance_is_told_from_three_to_one(most, told_of):
    found = [f for f in check_labels(make_data([0] * most + [1] * 2, classes=("a", "b"))) if f.kind == "imbalance"]
    assert bool(found) == told_of
    assert not found or found[0].detail == "6 items of a, 2 of b"


@pytest.mark.parametrize(
    "groups, told_of", [([7, 7, 9, 9, 5], True), ([7, 7, 7, 9, 5], False), ([7, 8, 9, 9, 5], False), (None, False)]
)
def test_groups_that_are_the_classes_themselves_are_told(groups, told_of):
    found = check_labels(make_data([0, 0, 1, 1, -1], groups=groups, classes=("a", "b")))
    assert [f.kind for f in found] == ["groups"] * told_of


def test_unreadable_and_unlabelled_items_are_skipped_and_named():
    checked = check(["p", "q", "r", "s"], [0, -1, 1, 1], unread=(2,))
    assert told(checked) == [("unlabelled", "f1", "", "skipped"), ("unreadable", "f2", "", "skipped")]
    assert checked.findings[0].detail == "f2 is truncated"
    assert checked.keep.tolist() == [True, False, False, True]
    assert together(checked) == set()


def test_nothing_readable_leaves_nothing():
    checked = check(["p", "q"], [0, 1], unread=(0, 1))
    assert not checked.keep.any() and len(set(checked.clusters.tolist())) == 2


def test_identical_items_with_different_labels_are_all_skipped():
    checked = check(["p", "p", "q", "p"], [0, 1, 0, 0])
    assert told(checked) == [
        ("label_conflict", "f0", "f1", "skipped"),
        ("label_conflict", "f1", "f0", "skipped"),
        ("label_conflict", "f3", "f1", "skipped"),
    ]
    assert checked.findings[0].detail == "identical to f1, which is labelled b"
    assert checked.keep.tolist() == [False, False, True, False]


@pytest.mark.parametrize("twin", ["좋다,\n정말\n", "\ufeff좋다,\r\n정말", "cp949", "utf-16"])
def test_texts_that_differ_in_their_encoding_or_ends_only_are_identical(tmp_path, twin):
    (tmp_path / "one.txt").write_bytes("좋다,\n정말".encode())
    (tmp_path / "two.txt").write_bytes("좋다,\n정말".encode(twin) if twin.isascii() else twin.encode())
    (tmp_path / "three.txt").write_bytes("좋다, 정말".encode())
    names = ["one.txt", "two.txt", "three.txt"]
    items = FileItems([str(tmp_path / n) for n in names], names)
    signatures = np.stack([text_signature("좋다 정말")] * 3)
    digests = [content_digest(items.read(i)) for i in range(3)]
    for modality, kinds in (("text", ["label_conflict"] * 2), ("image", ["near_duplicate"] * 2)):
        data = Dataset("it", items, np.array([0, 1, 0]), of_classes("ab"), modality=modality)
        checked = check_content(data, digests, signatures, 0.999, np.full(3, True), {})
        assert [f.kind for f in checked.findings] == kinds
    (tmp_path / "two.txt").unlink()
    gone = Dataset("it", items, np.array([0, 1, 0]), of_classes("ab"), modality="text")
    assert len(check_content(gone, digests, signatures, 0.999, np.full(3, True), {}).findings) == 2


def test_an_unlabelled_twin_is_no_conflict():
    assert [f.kind for f in check(["p", "p", "q"], [0, -1, 1]).findings] == ["unlabelled"]


def test_copies_are_told_once_each_and_share_a_cluster():
    checked = check(["p", "q", "p", "p'", "q", "r"], [0, 1, 0, 0, 1, 1])
    assert told(checked) == [
        ("duplicate", "f2", "f0", "kept in one fold"),
        ("duplicate", "f4", "f1", "kept in one fold"),
        ("near_duplicate", "f3", "f0", "kept in one fold"),
    ]
    assert checked.keep.all() and together(checked) == {frozenset({0, 2, 3}), frozenset({1, 4})}


def test_training_items_that_are_in_the_own_test_set_are_taken_out():
    pictures, labels = ["p", "q", "r", "s", "p", "q'"], [0, 1, 0, 1, 0, 1]
    part = ["", "train", "val", "", "test", "test"]
    checked = check(pictures, labels, part=part)
    assert told(checked) == [
        ("leak", "f0", "f4", "removed from training"),
        ("leak", "f1", "f5", "removed from training"),
    ]
    assert [f.detail for f in checked.findings] == [
        "identical to f4 in the test set",
        "nearly identical to f5 in the test set",
    ]
    assert checked.keep.tolist() == [False, False, True, True, True, True]


def test_a_leak_names_the_identical_item_before_one_that_looks_alike():
    checked = check(["p", "q", "p'", "p"], [0, 1, 0, 0], part=["", "", "test", "test"])
    assert ("leak", "f0", "f3", "removed from training") in told(checked)


def test_leaks_are_kept_where_the_user_wants_them():
    checked = check(["p", "q", "p", "r"], [0, 1, 0, 1], part=["", "", "test", "test"], keep_leaks=True)
    assert told(checked) == [("leak", "f0", "f2", "kept")] and checked.keep.all()


def test_a_group_on_both_sides_of_the_own_test_set_is_a_leak():
    more = {"part": ["", "", "", "test"], "groups": [7, 8, 7, 7]}
    checked = check(["p", "q", "r", "s"], [0, 1, 0, 1], **more)
    assert told(checked) == [(*("leak", f, "f3"), "removed from training") for f in ("f0", "f2")]
    assert checked.findings[0].detail == "of the same group as f3 in the test set"
    assert checked.keep.tolist() == [False, True, False, True]
    assert check(["p", "q", "r", "s"], [0, 1, 0, 1], keep_leaks=True, **more).keep.all()


def test_an_unreadable_test_item_makes_no_leak():
    checked = check(["p", "q", "p"], [0, 1, 0], unread=(2,), part=["", "", "test"])
    assert checked.keep.tolist() == [True, True, False]


def test_groups_and_copies_hang_together():
    checked = check(["p", "q", "p", "r", "s"], [0, 1, 0, 1, 1], groups=[1, 1, 2, 3, 3])
    assert together(checked) == {frozenset({0, 1, 2}), frozenset({3, 4})}


def test_where_nearly_all_look_alike_only_identical_ones_are_kept_together():
    pictures = [f"p{i}" for i in range(60)] + ["p0"]
    checked = check(pictures, [0, 1] * 30 + [0])
    assert Counter(f.kind for f in checked.findings) == {"near_duplicate": 1, "duplicate": 1}
    assert "60 of 60 items are nearly identical" in checked.findings[0].detail
    assert "name a group column" in checked.findings[0].detail
    assert together(checked) == {frozenset({0, 60})}
    few = check(pictures[:20], [0, 1] * 10)
    assert together(few) == {frozenset(range(20))}


def test_many_copies_are_told_once_each_and_never_in_pairs():
    pictures = ["q"] + [f"p{i}" for i in range(1500)] + [f"w{i}" for i in range(751)]
    checked = check(pictures, [0, 1] * 1126)
    assert Counter(f.kind for f in checked.findings) == {"near_duplicate": 1499 + 750}
    assert len({f.path for f in checked.findings}) == len(checked.findings)


def test_a_class_of_which_nothing_usable_is_left_is_left_out_and_told():
    data = make_data([0, 0, 1, 1, 2, 2], part=["", "", "", "", "", "test"])
    checked = check("pqrstu", [0, 0, 1, 1, 2, 2], unread=(4,), part=["", "", "", "", "", "test"])
    left, after = without_lost_targets(data, checked)
    assert left.task.class_names == ("a", "b") and left.targets.tolist() == [0, 0, 1, 1, -1, -1]
    assert after.keep.tolist() == [True] * 4 + [False] * 2  # its test item could only be called wrong
    assert after.findings[-1].detail == "of the class c no training item can be used"
    whole = check("pqrstu", [0, 0, 1, 1, 2, 2])
    assert without_lost_targets(data, whole) == (data, whole)


def test_where_fewer_than_two_classes_are_left_it_is_said_why():
    checked = check("pqrs", [0, 0, 1, 1], unread=(2, 3), classes="ab")
    said = (
        r"is left of: b; a classifier needs two classes at least\. Not used as unreadable: 2, the first because f2 is"
    )
    with pytest.raises(DataError, match=said):
        without_lost_targets(make_data([0, 0, 1, 1], classes="ab"), checked)


def test_classes_that_read_alike_or_like_several_are_remarked():
    found = check_labels(make_data([0, 0, 1, 1, 2, 2], classes=("Pos", "c,pos", "pos")))
    assert [f.kind for f in found] == ["similar_classes", "several_labels"]
