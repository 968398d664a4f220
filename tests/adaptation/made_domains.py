"""Domains with a few labelled target rows, and how well a way of using them does there."""

from __future__ import annotations

import numpy as np

from jeoni import plugins
from jeoni.adaptation import FewLabels
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled

FOLDER = "jeoni.adaptation.few"
NAMES = plugins.names(FOLDER)
STRENGTHS = (1.0, 10.0)
OWN = ("prior", "easyadapt_unlabelled")  # learn a logistic regression of their own


def domains(seed: int = 0, n: int = 20, ns: int = 150, nt: int = 250, d: int = 10, turn: float = 0.9, classes: int = 2):
    """Linear classes; the target's weights are the source's and others; ``n`` target rows have labels, evenly."""
    rng = np.random.default_rng(seed)
    w, v = rng.normal(size=(2, d, classes))
    Xs, Xt = rng.normal(size=(ns, d)), rng.normal(size=(nt, d))
    ys, yt = (Xs @ w).argmax(1), (Xt @ (w + turn * v)).argmax(1)
    known = np.concatenate([np.flatnonzero(yt == k)[: n // classes] for k in range(classes)])
    marked = np.full(nt, -1)
    marked[known] = yt[known]
    return Xs, ys, Xt, marked, yt


def task_of(Xs, ys, Xt, marked, strengths=(1.0,), estimator=None) -> Task:
    """As FewLabels makes it, with rows' mean squared length taken as 1."""
    learner = Learner(int(ys.max()) + 1, 1.0, strengths, estimator)
    known = marked >= 0
    return Task(Source(Xs, ys, learner), Xt[known], marked[known], Unlabelled(Xt[~known], 1.0))


def accuracy(method: str, data) -> float:
    Xs, ys, Xt, marked, yt = data
    asked = marked < 0
    return float(
        (FewLabels(method, strengths=STRENGTHS).fit(Xs, ys, Xt, marked).predict(Xt[asked]) == yt[asked]).mean()
    )


def mean_accuracy(method: str, **options) -> float:
    return float(np.mean([accuracy(method, domains(seed, **options)) for seed in range(3)]))
