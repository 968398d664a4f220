from __future__ import annotations

import numpy as np
import pytest

from jeoni.data.columns import label_cells
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.tasks import as_cell, choose_task, read_targets, reread_targets, restore
from jeoni.types import Dataset

NUMBERS = [k + 0.5 for k in range(40)]


@pytest.mark.parametrize(
    ("columns", "task", "said"),
    [
        ({"y": ["a", "b", "a"]}, "classification", ""),
        ({"y": [1, 2, 3, 1]}, "classification", ""),
        ({"y": NUMBERS}, "regression", "'y' holds 40 different numbers: the task is regression"),
        ({"y": [str(v) for v in NUMBERS]}, "regression", "the task is regression"),
        ({"y": list(range(30)) * 10}, "classification", "30 whole numbers of 'y' are taken for classes"),
        ({"y": list(range(100))}, "regression", "100 different numbers"),
        ({"y": ["a;b", "b;c", "a", "c", "b"]}, "multilabel", "such as 'a;b' are taken for several labels"),
        ({"y": ["a,b", "b,c", "a", "c", "b"]}, "classification", ""),
        ({"y": ["Smith, J", "Jones, K"] * 9}, "classification", ""),
        ({"y": [["a"], ["a", "b"]]}, "multilabel", "hold several labels each"),
        ({"a": [0, 1], "b": [1, 1]}, "multilabel", "the label columns hold 0 and 1"),
        ({"a": ["x", "y"], "b": [1, 2]}, "multitask", ""),
    ],
)
def test_cells_are_taken_for_what_they_look_like_and_that_is_said(columns, task, said):
    chosen, findings = choose_task(columns)
    assert chosen == task
    assert said in (findings[0].detail if findings else "")
    assert bool(said) == bool(findings)


def data_of(**columns) -> Dataset:
    n = len(next(iter(columns.values())))
    return Dataset("t", [None] * n, label_cells(columns, n), label_columns=tuple(columns), origin="t.csv")  # type: ignore[arg-type]


def test_targets_are_read_once_and_the_task_can_be_named():
    data = read_targets(data_of(y=["1", "2", "1", "2"]), "regression")
    assert data.task.id == "regression" and data.targets.ravel().tolist() == [1, 2, 1, 2]
    assert read_targets(data) is data


def test_a_task_the_data_cannot_be_is_refused_with_the_reason():
    with pytest.raises(DataError, match="t.csv cannot be read for regression. .* row 1 says 'a'"):
        read_targets(data_of(y=["a", "b"]), "regression")
    with pytest.raises(DataError, match="t.csv holds no labels"):
        read_targets(data_of(y=[None, " "]))
    with pytest.raises(ConfigError, match="'regresion' is not among the known tasks. Did you mean regression"):
        read_targets(data_of(y=["a", "b"]), "regresion")
    with pytest.raises(DataError, match=r"holds one class only \(a\)"):
        read_targets(data_of(y=["a", "a"]))
    assert read_targets(data_of(y=["a", "a"]), single_class=True).task.width == 1


def test_other_data_are_read_in_the_vocabulary_of_a_model():
    task = read_targets(data_of(y=["a", "b", "c"])).task
    assert reread_targets(data_of(label=["c", "a", ""]), task).targets.tolist() == [2, 0, -1]
    again = read_targets(data_of(y=["c", "c"]), single_class=True)
    assert reread_targets(again, task).targets.tolist() == [2, 2]
    with pytest.raises(DataError, match="t.csv does not fit the model: unknown classes: d. Known are a, b, c"):
        reread_targets(data_of(y=["d"]), task)


def test_a_task_that_is_not_there_or_has_other_fields_is_refused():
    with pytest.raises(WeightsError, match="task 'juggling' is not known here"):
        restore({"id": "juggling"})
    with pytest.raises(WeightsError, match="'regression' cannot be made of what was saved of it .KeyError: 'units'"):
        restore({"id": "regression", "names": ["y"]})


def test_labels_of_any_kind_fit_into_a_cell():
    assert as_cell(("a", "b")) == "a;b" and as_cell(()) == "-"
    assert as_cell({"kind": "x", "width": np.float64(1.5)}) == "kind: x; width: 1.5"
