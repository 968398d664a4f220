from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import jeoni as package
from jeoni.errors import ConfigError, DataError
from jeoni.modalities.audio.audio_input import typical_format
from jeoni.modalities.audio.recordings import open_audio
from jeoni.modalities.inputs.spectrogram import SpectrogramInput
from jeoni.modalities.inputs.wave import WaveInput
from jeoni.runs import read_json
from jeoni.tasks import load_data
from tests.conftest import RATE, TINY, make_tone

soundfile = pytest.importorskip("soundfile")

SPEAKER = r"_([a-d])_"  # in the names of made sounds


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_fit_on_sounds_is_that_on_photos(jeoni, make_sounds, tmp_path, suffix):
    done = jeoni(
        "fit", make_sounds(suffix=suffix), "--backbone", TINY, "--repeats", 1, "--folds", 2, "--out", tmp_path / "run"
    )
    assert done.code == 0, done.err
    assert "possible groups: names hold 'a', 'c', 'd' … (4 in all)" in done.err and "--group-pattern" in done.err
    assert read_json(tmp_path / "run" / "metrics.json")["cv"]["accuracy"]["value"] > 0.8
    gallery = read_json(tmp_path / "run" / "figures" / "gallery.json")
    assert all(e["thumb"] and e["sound"] for e in gallery["doubtful"])
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "<audio controls" in page and "data:audio/mpeg;base64," in page


@pytest.mark.parametrize("family", ["hubert", "whisper"])
def test_an_audio_encoder_is_fitted_without_a_warning_and_predicts(
    jeoni, make_sounds, listener_folder, tmp_path, family
):
    sounds, run = make_sounds(), tmp_path / "run"
    soundfile.write(sounds / "tone_0" / "click_a_.wav", [0.5, 0, -0.5, 0], RATE)  # far shorter than the first filters
    options = ["--group-pattern", SPEAKER, "--repeats", 1, "--folds", 2, "--no-control", "--out", run]
    done = jeoni("fit", sounds, "--backbone", listener_folder(family), *options)
    assert done.code == 0 and "!" not in done.err, done.err
    assert read_json(run / "metrics.json")["n"] == 25
    gallery = read_json(run / "figures" / "gallery.json")
    assert all((run / "figures" / e[what]).exists() for e in gallery["doubtful"] for what in ("thumb", "sound"))
    assert not (run / "figures" / "inside.json").exists() and not (run / "figures" / "explanations.json").exists()
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<audio controls" in page and "data:audio/mpeg;base64," in page and "data:image/jpeg;base64," in page
    done = jeoni("predict", run, sounds / "tone_1", "--out", tmp_path / "said.csv")
    assert done.code == 0, done.err
    with open(tmp_path / "said.csv", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 12


def test_sounds_at_a_rate_that_mp3_does_not_know_can_be_played(jeoni, make_sounds, tmp_path):
    options = ["--group-pattern", SPEAKER, "--repeats", 1, "--folds", 2, "--no-control", "--out", tmp_path / "run"]
    done = jeoni("fit", make_sounds(rate=10_000), "--backbone", TINY, *options)
    assert done.code == 0 and "!" not in done.err, done.err
    said = read_json(tmp_path / "run" / "model" / "config.json")
    assert said["backbone"]["input"]["rate"] == 10_000
    first = read_json(tmp_path / "run" / "figures" / "gallery.json")["doubtful"][0]
    played, rate = soundfile.read(tmp_path / "run" / "figures" / first["sound"])
    recorded, _ = soundfile.read(tmp_path / "sounds" / first["path"])
    assert rate == 11_025 and len(played) / rate == pytest.approx(len(recorded) / 10_000, abs=0.06)
    loudest = [np.abs(np.fft.rfft(s, 1 << 15)).argmax() * r for s, r in ((played, rate), (recorded, 10_000))]
    assert loudest[0] == pytest.approx(loudest[1], rel=0.01)


@pytest.mark.slow
def test_a_model_of_sounds_is_trained_kept_and_predicts(jeoni, make_sounds, tmp_path):
    sounds = make_sounds()
    made = package.fit(
        sounds, backbone=TINY, strategy="finetune", augment="strong", views=2, steps=8, folds=2, control=False,
        out=tmp_path / "run",
    )  # fmt: skip
    kept = package.load_model(tmp_path / "run")
    assert isinstance(kept.backbone.input, SpectrogramInput) and kept.backbone.input == made.model.backbone.input
    np.testing.assert_allclose(kept.predict(sounds).probs, made.model.predict(sounds).probs, atol=1e-5)
    done = jeoni("predict", tmp_path / "run", sounds / "tone_0" / "0_a_.wav")
    assert done.code == 0 and "0_a_.wav" in done.out


def test_speakers_named_in_files_are_never_split(jeoni, make_sounds, tmp_path):
    done = package.fit(
        make_sounds(),
        backbone=TINY,
        group_pattern=SPEAKER,
        repeats=1,
        folds=2,
        control=False,
        out=tmp_path / "run",
    )
    assert read_json(tmp_path / "run" / "run.json")["data"]["groups"] == 4
    with open(tmp_path / "run" / "predictions.csv", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    folds = {}
    for row in rows:
        folds.setdefault(row["path"].split("_")[-2], set()).add(row["fold"])
    assert len(rows) == 24 and all(len(f) == 1 for f in folds.values()), done.summary
    words = ("evaluate", tmp_path / "run", tmp_path / "sounds", "--json")
    alone, grouped = (json.loads(jeoni(*words, *more).out) for more in ((), ("--group-pattern", SPEAKER)))
    alone, grouped = alone["metrics"]["log_loss"], grouped["metrics"]["log_loss"]
    assert grouped["value"] == alone["value"] and grouped["low"] != alone["low"]  # speakers are drawn, not recordings


def test_a_table_names_sounds(make_sounds):
    root = make_sounds(each=2)
    (root / "list.csv").write_text("recording,who,label\ntone_0/0_a_.wav,ann,low\ntone_1/1_b_.wav,bob,high\n")
    data = load_data(root / "list.csv", group_column="who")
    assert (data.modality, data.task.class_names, len(set(data.groups.tolist()))) == ("audio", ("high", "low"), 2)
    (root / "list.csv").write_text("file,label\ntone_0/0_a_.wav,low\ntone_1/1_b_.wav,high\n")
    assert load_data(root / "list.csv").modality == "audio"


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
    done = jeoni(
        "fit", root, "--backbone", TINY, "--repeats", 1, "--folds", 2, "--no-control", "--out", tmp_path / "run"
    )
    assert done.code == 0, done.err
    with open(tmp_path / "run" / "issues.csv", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    found = {r["path"].split("/")[-1]: (r["kind"], r["detail"]) for r in rows if r["kind"] != "near_duplicate"}
    assert {name for name, (kind, _) in found.items() if kind == "unreadable"} == {
        "empty.wav", "holes.wav", "text.wav", "phone.m4a",
    }  # fmt: skip
    assert "NaN" in found["holes.wav"][1] and "M4A" in found["phone.m4a"][1]
    assert found["still.wav"][0] == "silent" and found["loud.wav"][0] == "clipped"
    assert found["long.wav"][0] == "shortened"
    rows = [f"{f.relative_to(tmp_path)},{f.parent.name if f.stem != '3_d_' else ''}" for f in sorted(root.rglob("*.*"))]
    (tmp_path / "list.csv").write_text("file,label\n" + "\n".join(rows) + "\n")
    at = "sounds/tone_0/"
    told = (
        f"silent: {at}still.wav: it is nearly silent", f"clipped: {at}loud.wav: it is", f"shortened: {at}long.wav: it is",
        f"unreadable: 4 items, for example {at}empty.wav",
    )  # fmt: skip
    predicted, scored = (jeoni(verb, tmp_path / "run", tmp_path / "list.csv") for verb in ("predict", "evaluate"))
    for done in (predicted, scored):
        assert done.code == 0 and all(line in done.err for line in told), done.err
    assert f"skipped: {at}empty.wav, {at}holes.wav, {at}phone.m4a, {at}text.wav" in predicted.err
    assert "unlabelled: 2 items, for example sounds/tone_0/3_d_.wav: it has no label" in scored.err


def issues_of(run):
    with open(run / "issues.csv", encoding="utf-8-sig") as file:
        return {r["path"].split("/")[-1]: (r["kind"], r["detail"]) for r in csv.DictReader(file)}


@pytest.mark.slow
def test_of_an_hour_ten_seconds_are_heard_and_the_finding_names_them(jeoni, make_sounds, tmp_path):
    root = make_sounds()
    soundfile.write(
        root / "tone_0" / "hour.flac", np.tile((9000 * make_tone(0, 50)[:3200]).astype(np.int16), 9000), RATE
    )
    soundfile.write(root / "tone_1" / "half.wav", np.resize(make_tone(1, 51), 30 * RATE), RATE)
    for run in (tmp_path / "run", tmp_path / "again"):  # the second one reads from the cache
        done = jeoni(
            "fit", root, "--backbone", TINY, "--seconds", 10, "--repeats", 1, "--folds", 2, "--out", run, "--no-control"
        )
        assert done.code == 0, done.err
        assert issues_of(run) == {
            "hour.flac": ("shortened", "it is 3,600 s long; seconds 1,795 to 1,805 are used"),
            "half.wav": ("shortened", "it is 30 s long; seconds 10 to 20 are used"),
        }
    assert read_json(tmp_path / "run" / "run.json")["spec"]["seconds"] == 10
    assert read_json(tmp_path / "run" / "model" / "config.json")["backbone"]["input"]["seconds"] == 10
    assert "are longer than what is taken of each" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["spectrogram", "wave", "voice"])
def test_what_is_played_and_shown_is_what_the_network_hears(kind):
    from jeoni.modalities.inputs.voice import VoiceInput

    makers = {
        "spectrogram": lambda: SpectrogramInput(16_000, 10.0, 64, (0, 0, 0), (1, 1, 1)),
        "wave": lambda: WaveInput(16_000, 10.0),
        "voice": lambda: VoiceInput(16_000, 10.0),
    }
    t = np.arange(30 * 16_000) / 16_000
    early, middle = (level * np.sin(2 * np.pi * hz * t) for level, hz in ((0.8, 3000), (0.2, 500)))
    said = np.where(t < 5, early, np.where((t >= 10) & (t < 20), middle, 0)).astype(np.float32)
    spec = makers[kind]()
    opened = spec.open(said, "it")
    whole = open_audio(said, "it", 16_000)  # as any other that was opened further than this input hears
    for sound in (opened, whole):
        played, rate = soundfile.read(io.BytesIO(spec.audio(sound)))
        assert (rate, len(played) / rate) == (16_000, pytest.approx(10, abs=0.1))
        spectrum = np.abs(np.fft.rfft(played))
        assert spectrum[5000] > 100 * spectrum[29_000:31_000].max()
        rows = np.asarray(spec.picture(sound), dtype=float).mean(1)  # from high to low
        assert rows.argmax() > 64 and rows[: rows.argmax() - 20].max() < 0.5 * rows.max()
        np.testing.assert_allclose(spec.row(sound).astype(float), spec.row(opened).astype(float), atol=1)


def test_how_much_is_heard_is_asked_for_in_vain(jeoni, make_sounds, make_photos, listener_folder, tmp_path):
    folder = listener_folder("audio-spectrogram-transformer")  # 128 frames of 10 ms
    done = jeoni("fit", make_sounds(), "--backbone", folder, "--seconds", 2)
    assert done.code == 1 and "seconds is 2; this backbone takes 1.28 s at most" in done.err
    done = jeoni("fit", make_photos(), "--backbone", TINY, "--seconds", 2)
    assert done.code == 1 and "seconds is 2, but the data are images, not audio" in done.err
    done = jeoni("fit", tmp_path / "photos", "--seconds", 0)
    assert done.code != 0 and "seconds is 0.0; it must be above 0 and at most 3,600, or be left out" in done.err


@pytest.mark.parametrize("family, frames", [("hubert", 19), ("whisper", 3000)])
def test_encoders_hear_as_many_seconds_as_are_asked_for(make_sounds, listener_folder, family, frames):
    from jeoni.backbones.catalog import fitted_to, load_backbone

    data, backbone = load_data(make_sounds()), load_backbone(str(listener_folder(family)))
    short, usual = fitted_to(backbone, data, 0.1).input, fitted_to(backbone, data).input
    assert (short.seconds, usual.seconds) == (0.1, {"hubert": pytest.approx(0.7, abs=0.05), "whisper": 30}[family])
    opened = [spec.open(data.items.read(0), "it") for spec in (short, usual)]
    assert len(opened[0].samples) == 1600 and len(opened[1].samples) > 6000
    if family == "whisper":  # filled up with silence behind what is heard
        row = short.row(opened[0])
        assert row.shape == (frames, 80) and row[12:].std() < 1e-5 and usual.row(opened[1])[12:30].std() > 0.01


def test_the_rate_and_length_follow_the_data(make_sounds):
    data = load_data(make_sounds())
    rate, seconds = typical_format(data.items)
    assert rate == RATE and 0.4 < seconds <= 0.8
    from jeoni.backbones.catalog import load_backbone

    spec = SpectrogramInput.like(load_backbone(TINY).input, data.items)
    sound = spec.open(data.items.read(0), "a")
    assert spec.row(sound).shape == (spec.size, spec.size, 3)
    assert (spec.view(sound, "strong", b"12345678", 1)[0] == spec.view(sound, "strong", b"12345678", 1)[0]).all()
    assert (spec.view(sound, "strong", b"12345678", 1)[0] != spec.view(sound, "strong", b"12345678", 2)[0]).any()


def test_a_wave_keeps_its_middle_and_survives_the_disk(tmp_path):
    spec = WaveInput(RATE, 0.5)
    sound = open_audio(np.linspace(-1, 1, 2 * RATE), "a", RATE)
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
