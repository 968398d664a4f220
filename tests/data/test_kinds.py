"""Modalities by their names, older ones included."""

from __future__ import annotations

import pytest

from jeoni.data.in_memory import load_in_memory
from jeoni.data.kinds import MODALITIES, SUFFIXES, Columns, plural


def test_what_was_called_sound_is_audio():
    assert "audio" in MODALITIES and "sound" not in MODALITIES and ".wav" in SUFFIXES["audio"]
    assert Columns(modality="sound").modality == "audio"
    assert load_in_memory([b"RIFF"], "sound").modality == "audio"


@pytest.mark.parametrize("name", ["", "smell", "vector"])
def test_no_column_speaks_for_another_modality(name):
    assert Columns(modality=name).modality == ""


def test_messages_speak_of_several():
    assert [plural(m) for m in (*MODALITIES, "vector")] == ["images", "texts", "audio", "vectors"]
