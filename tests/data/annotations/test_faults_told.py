"""Faults of annotations in Korean: while they are told, and again from what was written in English."""

from __future__ import annotations

import importlib
import pkgutil

import jeoni.data.annotations as annotations
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.locale import retold, table, translated


def all_faults():
    modules = pkgutil.walk_packages(annotations.__path__, "jeoni.data.annotations.")
    values = [value for one in modules for value in vars(importlib.import_module(one.name)).values()]
    return {value for value in values if isinstance(value, Fault)}


def test_every_fault_is_told_in_korean():
    terms, faults = table("terms", "ko"), table("faults", "ko")
    known = {*terms, *(text.lower() for text in faults)}
    lacking = {text for one in all_faults() for text in (one.one, one.several) if text and text.lower() not in known}
    assert len(all_faults()) > 20 and not lacking


def test_a_fault_with_its_places_is_told_and_told_again():
    notes = Notes()
    fault = Fault("box_no_size", "a box has no size", "{n} boxes have no size", "left out")
    for line in (3, 8):
        notes.add(fault, "a.jpg", f"line {line}")
    (finding,) = notes.findings()
    assert finding.detail == "2 boxes have no size (line 3, line 8)"
    assert translated(finding.detail, "ko") == retold(finding.detail, "ko") == "상자 2개의 크기가 0임 (line 3, line 8)"


def test_a_strangers_fault_stays_as_it_is():
    notes = Notes()
    notes.add(Fault("blue", "a box is blue", "{n} boxes are blue", "kept"), "a.jpg")
    assert notes.findings()[0].detail == "a box is blue" == retold("a box is blue", "ko")
