"""Which keypoints a mirrored picture exchanges."""

import pytest

from jeoni.dense.sides import partners


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("leftear", "rightear"),
        ("LeftEar", "rightear"),
        ("ear_left", "ear_right"),
        ("l_paw", "r_paw"),
        ("paw_L", "paw_R"),
        ("paw l", "paw r"),
        ("왼쪽 귀", "오른쪽 귀"),
        ("왼귀", "오른귀"),
        ("좌측 눈", "우측 눈"),
    ],
)
def test_left_and_right_are_exchanged(left, right):
    assert partners(["nose", left, right]).tolist() == [0, 2, 1]
    assert partners([right, left]).tolist() == [1, 0]


def test_names_without_a_counterpart_and_letters_within_words_stay():
    assert partners(["tail", "leftear", "l_paw", "elbow", "erbow"]).tolist() == [0, 1, 2, 3, 4]
    assert partners([]).tolist() == []


def test_exchanging_twice_changes_nothing():
    found = partners(["leftear", "rightear", "leftpaw", "rightpaw", "snout"])
    assert found[found].tolist() == [0, 1, 2, 3, 4]
