"""Transductive transfer: labels in one domain, the work in another.

    >>> from jeoni.adaptation import AdaptedClassifier, CORAL

Methods are found by their class names, one file each in ``shallow/`` and ``deep/``; nothing is imported before that.
An author of one imports from :mod:`jeoni.adaptation.adapter`, :mod:`jeoni.adaptation.alignment`,
:mod:`jeoni.adaptation.few_labels` or :mod:`jeoni.adaptation.candidate`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from jeoni import plugins

_PLACES = {
    "AdaptedClassifier": "jeoni.adaptation.classifier",
    "DeepAdaptedClassifier": "jeoni.adaptation.networks",
    "AutoAdaptedClassifier": "jeoni.adaptation.auto",
    "FewLabels": "jeoni.adaptation.few_labels_classifier",
    "Adapter": "jeoni.adaptation.adapter",
    "Candidate": "jeoni.adaptation.candidate",
    "Diagnosis": "jeoni.adaptation.diagnosis",
    "diagnose": "jeoni.adaptation.diagnosis",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    for folder in ("jeoni.adaptation.shallow", "jeoni.adaptation.deep", "jeoni.adaptation.validators"):
        if not name.startswith("_") and (found := plugins.holding(folder, name)):
            return plugins.load(folder, found)
    raise AttributeError(f"module 'jeoni.adaptation' has no attribute {name!r}")
