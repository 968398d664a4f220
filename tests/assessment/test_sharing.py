from __future__ import annotations

from types import SimpleNamespace

import pytest

from jeoni.assessment.sharing import _remarks


def trained(**training):
    return SimpleNamespace(model=SimpleNamespace(training=training))


@pytest.mark.parametrize(
    ("together", "alone", "said"),
    [({"share": 1.0}, {"share": 0.0}, True), ({"share": 1.0}, {"share": 0.5}, False), ({"share": 0.0}, {"share": 0.0}, False),
     ({"share": 1.0}, {}, False)],
)  # fmt: skip
def test_where_a_task_alone_was_not_trained_the_verdict_on_sharing_says_so(together, alone, said):
    remarks = _remarks(trained(**together), trained(**alone))
    assert any("preferred the linear probe" in one for one in remarks) == said
