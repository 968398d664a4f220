"""Whether one model's log-losses are clearly lower than another's."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.strategies.finetuning.tuning import HeldScore
from tests.made_tasks import classes


@pytest.mark.parametrize(
    ("gain", "errors", "clear"),
    [
        ([1.0, 1.0, 1.0], 2.0, True),
        ([0.0, 0.0, 0.0], 0.0, False),
        ([3.0, -1.0, 1.0, 1.0], 1.0, True),  # 1 ± 0.816
        ([3.0, -1.0, 1.0, 1.0], 1.3, False),
        ([-1.0, -1.0], 1.0, False),
        ([5.0], 1.0, False),  # a single one says nothing of its error
        ([], 1.0, False),
    ],
)
def test_lower_is_clear_only_beyond_so_many_standard_errors(gain, errors, clear):
    other = np.full(len(gain), 0.7)
    assert clearly_lower(other - gain, other, errors) is clear


def test_log_losses_are_of_the_right_class_and_never_infinite():
    found = classes(2).losses(np.array([[0.25, 0.75], [1.0, 0.0]]), np.array([1, 1]))
    assert found == pytest.approx([-np.log(0.75), -np.log(1e-12)])


def test_held_out_outputs_are_scored_whatever_their_scale():
    """Of 8 examples: training makes logits larger, and would lose to a start that is less sure of as many mistakes."""
    targets = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    score = HeldScore(classes(2), targets)
    sure, unsure = np.array([3.0, 2, 2, -1, -2, -3, -1, 1]), np.array([0.2, 0.1, -0.2, -0.1, -0.2, 0.1, 0.1, -0.1])
    outputs = {name: np.stack([margin, -margin], 1) for name, margin in (("trained", sure), ("start", unsure))}
    few_wrong, more_wrong = score.calibrated(outputs["trained"]), score.calibrated(outputs["start"])
    assert few_wrong.mean() < more_wrong.mean()
    np.testing.assert_allclose(score.calibrated(4 * outputs["trained"]), few_wrong, rtol=1e-3)
