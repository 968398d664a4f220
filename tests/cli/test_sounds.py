from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import jeoni as package
from jeoni.data.read import load_data
from jeoni.data.sound_inputs import SpectrogramInput, WaveInput, heard, pictured
from jeoni.data.sounds import open_sound
from jeoni.errors import ConfigError, DataError
from jeoni.runs import read_json
from tests.conftest import RATE, TINY, make_tone

soundfile = pytest.importorskip("soundfile")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_fit_on_sounds_is_that_on_photos(jeoni, make_sounds, tmp_path, suffix):
    done = jeoni("fit", make_sounds(suffix=suffix), "--backbone", TINY, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert read_json(tmp_path / "run" / "metrics.json")["cv"]["accuracy"]["value"] > 0.8
    gallery = read_json(tmp_path / "run" / "figures" / "gallery.json")
    assert all(e["thumb"] and e["sound"] for e in gallery["doubtful"])
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "<audio controls" in page and "data:audio/mpeg;base64," in page


def test_a_model_of_sounds_is_trained_kept_and_predicts(jeoni, make_sounds, tmp_path):
    sounds = make_sounds()
    made = package.fit(
        sounds, backbone=TINY, strategy="finetune", augment="strong", views=2, steps=8, control=False,
        out=tmp_path / "run",
    )  # fmt: skip
    kept = package.load_model(tmp_path / "run")
    assert isinstance(kept.backbone.input, SpectrogramInput) and kept.backbone.input == made.model.backbone.input
    np.testing.assert_allclose(kept.predict(sounds).probs, made.model.predict(sounds).probs, atol=1e-5)
    done = jeoni("predict", tmp_path / "run", sounds / "tone_0" / "0_a_.wav")
    assert done.code == 0 and "0_a_.wav" in done.out


def test_speakers_named_in_files_are_never_split(jeoni, make_sounds, tmp_path):
    done = package.fit(make_sounds(), backbone=TINY, group_pattern=r"_([a-d])_", control=False, out=tmp_path / "run")
    assert read_json(tmp_path / "run" / "run.json")["data"]["groups"] == 4
    with open(tmp_path / "run" / "predictions.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    folds = {}
    for row in rows:
        folds.setdefault(row["path"].split("_")[-2], set()).add(row["fold"])
    assert len(rows) == 24 and all(len(f) == 1 for f in folds.values()), done.summary
    words = ("evaluate", tmp_path / "run", tmp_path / "sounds", "--json")
    alone, grouped = (json.loads(jeoni(*words, *more).out) for more in ((), ("--group-pattern", r"_([a-d])_")))
    alone, grouped = alone["metrics"]["log_loss"], grouped["metrics"]["log_loss"]
    assert grouped["value"] == alone["value"] and grouped["low"] != alone["low"]  # speakers are drawn, not recordings


def test_a_table_names_sounds(make_sounds):
    root = make_sounds(each=2)
    (root / "list.csv").write_text("recording,who,label\ntone_0/0_a_.wav,ann,low\ntone_1/1_b_.wav,bob,high\n")
    data = load_data(root / "list.csv", group_column="who")
    assert (data.modality, data.class_names, len(set(data.groups.tolist()))) == ("sound", ("high", "low"), 2)
    (root / "list.csv").write_text("file,label\ntone_0/0_a_.wav,low\ntone_1/1_b_.wav,high\n")
    assert load_data(root / "list.csv").modality == "sound"


def test_bad_sounds_are_listed_each_with_its_reason(jeoni, make_sounds, tmp_path):
    root = make_sounds()
    folder = root / "tone_0"
    soundfile.write(folder / "empty.wav", np.zeros(0), RATE)
    soundfile.write(folder / "holes.wav", np.full(4000, np.nan), RATE, subtype="FLOAT")
    (folder / "text.wav").write_text("no sound at all")
    (folder / "phone.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + b"\0" * 100)
    soundfile.write(folder / "still.wav", np.zeros(4000), RATE)
    soundfile.write(folder / "loud.wav", np.clip(9 * make_tone(0, 99), -1, 1), RATE)
    soundfile.write(folder / "long.wav", np.tile(make_tone(0, 5), 100), RATE)
    done = jeoni("fit", root, "--backbone", TINY, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    with open(tmp_path / "run" / "issues.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {r["path"].split("/")[-1]: (r["kind"], r["detail"]) for r in rows if r["kind"] != "near_duplicate"}
    assert {name for name, (kind, _) in found.items() if kind == "unreadable"} == {
        "empty.wav", "holes.wav", "text.wav", "phone.m4a",
    }  # fmt: skip
    assert "NaN" in found["holes.wav"][1] and "M4A" in found["phone.m4a"][1]
    assert found["still.wav"][0] == "silent" and found["loud.wav"][0] == "clipped"
    assert found["long.wav"][0] == "shortened"


def test_the_rate_and_length_follow_the_data(make_sounds):
    data = load_data(make_sounds())
    rate, seconds = heard(data.items)
    assert rate == RATE and 0.4 < seconds <= 0.8
    from jeoni.backbones.catalog import load_backbone

    spec = pictured(load_backbone(TINY).input, data.items)
    sound = spec.open(data.items.read(0), "a")
    assert spec.row(sound).shape == (spec.size, spec.size, 3)
    assert (spec.view(sound, "strong", b"12345678", 1) == spec.view(sound, "strong", b"12345678", 1)).all()
    assert (spec.view(sound, "strong", b"12345678", 1) != spec.view(sound, "strong", b"12345678", 2)).any()


def test_a_wave_keeps_its_middle_and_survives_the_disk(tmp_path):
    spec = WaveInput(RATE, 0.5)
    sound = open_sound(np.linspace(-1, 1, 2 * RATE), "a", RATE)
    row = spec.row(sound)
    assert row.shape == (RATE // 2,) and abs(int(row[0]) + int(row[-1])) < 50
    assert WaveInput.restore(spec.describe(), tmp_path) == spec


def test_what_cannot_be_varied_or_read_says_so(tmp_path):
    spec = WaveInput(RATE, 0.5)
    with pytest.raises(ConfigError, match="augment is 'wild'; it can be none, light"):
        spec.policy("wild")
    with pytest.raises(DataError, match="holds nothing in folders"):
        (tmp_path / "a").mkdir()
        load_data(tmp_path)
