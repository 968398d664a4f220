"""Every bad input gets a sentence that says what came and how to mend it, exit code 1, and loses nothing."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import TINY, make_picture

QUICK = ("--repeats", 1, "--folds", 2, "--no-control")


def fit(jeoni, data, tmp_path, *words):
    return jeoni("fit", data, "--backbone", TINY, *QUICK, "--out", tmp_path / "run", *words)


def test_a_missing_path(jeoni, tmp_path):
    outcome = fit(jeoni, tmp_path / "nowhere", tmp_path)
    assert outcome.code == 1
    assert "nowhere does not exist" in outcome.err


def test_an_empty_folder(jeoni, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = fit(jeoni, tmp_path / "empty", tmp_path)
    assert outcome.code == 1 and "is empty" in outcome.err


def test_images_without_class_folders(jeoni, tmp_path):
    (tmp_path / "loose").mkdir()
    make_picture(0, 0).save(tmp_path / "loose" / "a.png")
    outcome = fit(jeoni, tmp_path / "loose", tmp_path)
    assert outcome.code == 1 and "CLASS" in outcome.err and "jeoni predict" in outcome.err


def test_one_class(jeoni, make_photos, tmp_path):
    outcome = fit(jeoni, make_photos(classes=1), tmp_path)
    assert outcome.code == 1 and "one class" in outcome.err


def test_one_image_per_class(jeoni, make_photos, tmp_path):
    outcome = fit(jeoni, make_photos(classes=3, each=1), tmp_path)
    assert outcome.code == 1 and "one item only" in outcome.err


def test_an_empty_class_is_left_out_and_a_class_of_one_is_reported(jeoni, make_photos, tmp_path):
    photos = make_photos(each=30)
    (photos / "a_empty").mkdir()
    (photos / "lonely").mkdir()
    make_picture(2, 0).save(photos / "lonely" / "one.png")
    outcome = fit(jeoni, photos, tmp_path)
    assert outcome.code == 0, outcome.err
    assert "a_empty has no items (left out)" in outcome.err
    assert "lonely has one item only" in outcome.err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["class_names"] == ["class_0", "class_1", "lonely"]
    assert metrics["cv"]["accuracy"]["value"] > 0.8


def bomb() -> bytes:
    """The header of a grey PNG of 30,000 x 30,000 pixels, and the beginning of its data."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(30_001 * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def truncated() -> bytes:
    buffer = io.BytesIO()
    make_picture(0, 1, 200).save(buffer, "JPEG")
    return buffer.getvalue()[:1500]


BAD = {
    "text.jpg": (b"this is no picture", "is not an image"),
    "truncated.jpg": (truncated(), "truncated"),
    "zero.jpg": (b"", "zero bytes"),
    "bomb.png": (bomb(), "pixels"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_skipped_and_counted_and_stops_a_strict_run(jeoni, make_photos, tmp_path, name):
    photos = make_photos()
    content, message = BAD[name]
    (photos / "class_1" / name).write_bytes(content)
    outcome = fit(jeoni, photos, tmp_path)
    assert outcome.code == 0, outcome.err
    assert name in outcome.err and message in outcome.err and "skipped" in outcome.err
    issues = (tmp_path / "run" / "issues.csv").read_text()
    assert f"unreadable,class_1/{name}" in issues and message in issues
    strict = fit(jeoni, photos, tmp_path, "--strict", "--overwrite")
    assert strict.code == 1 and name in strict.err and message in strict.err


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    return path


def test_a_table_without_the_column(jeoni, tmp_path):
    outcome = fit(jeoni, table(tmp_path, "file,defect\na.png,1\n"), tmp_path, "--label-column", "defects")
    assert outcome.code == 1
    assert "has no column 'defects'" in outcome.err and "Did you mean defect" in outcome.err
    assert "file, defect" in outcome.err


def test_a_table_whose_columns_nobody_recognises(jeoni, tmp_path):
    outcome = fit(jeoni, table(tmp_path, "a,b\nu,v\n"), tmp_path)
    assert outcome.code == 1 and "--image-column" in outcome.err and "a, b" in outcome.err
    numbers = fit(jeoni, table(tmp_path, "a,b\n1,2\n"), tmp_path)  # features, perhaps
    assert numbers.code == 1 and "--label-column" in numbers.err and "a, b" in numbers.err


def test_paths_that_do_not_exist(jeoni, tmp_path):
    rows = "".join(f"pictures/{k}.png,{k % 2}\n" for k in range(7))
    outcome = fit(jeoni, table(tmp_path, "file,label\n" + rows), tmp_path)
    assert outcome.code == 1
    assert "7 of" in outcome.err and "pictures/0.png" in outcome.err and "do not exist" in outcome.err


def test_missing_labels_are_skipped_and_counted_and_none_at_all_is_an_error(jeoni, make_photos, tmp_path):
    paths = sorted(make_photos().rglob("*.png"))
    lines = [f"{p.relative_to(tmp_path)},{p.parent.name if k % 6 else ''}" for k, p in enumerate(paths)]
    outcome = fit(jeoni, table(tmp_path, "file,label\n" + "\n".join(lines) + "\n"), tmp_path)
    assert outcome.code == 0 and "unlabelled: 4 items" in outcome.err
    nothing = [f"{p.relative_to(tmp_path)}," for p in paths]
    outcome = fit(jeoni, table(tmp_path, "file,label\n" + "\n".join(nothing) + "\n"), tmp_path, "--overwrite")
    assert outcome.code == 1 and "no labels" in outcome.err


def test_identical_files_with_different_labels_are_not_learned_from(jeoni, make_photos, tmp_path):
    photos = make_photos()
    (photos / "class_1" / "twin.png").write_bytes((photos / "class_0" / "003.png").read_bytes())
    outcome = fit(jeoni, photos, tmp_path)
    assert outcome.code == 0 and "label conflict: 2 items" in outcome.err
    assert "class_0/003.png" not in (tmp_path / "run" / "predictions.csv").read_text()


def test_a_full_disk(jeoni, make_photos, tmp_path, monkeypatch):
    from jeoni.features import store

    def full(*args: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store.np, "save", full)
        outcome = fit(jeoni, make_photos(), tmp_path)
    assert outcome.code == 1 and "is full" in outcome.err and "jeoni cache clear" in outcome.err
    assert not (tmp_path / "run").exists()
    assert fit(jeoni, tmp_path / "photos", tmp_path).code == 0


def test_an_output_that_cannot_be_written(jeoni, make_photos, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = jeoni("fit", make_photos(), "--backbone", TINY, "--out", tmp_path / "file" / "run")
    assert outcome.code == 1 and "cannot be written" in outcome.err and "--out" in outcome.err


def test_an_existing_run_is_refused_and_anything_else_is_left_alone(jeoni, plain_run, make_photos, tmp_path):
    photos = make_photos()
    shutil.copytree(plain_run, tmp_path / "run")
    outcome = fit(jeoni, photos, tmp_path)
    assert outcome.code == 1 and "holds a run already" in outcome.err and "--overwrite" in outcome.err
    assert fit(jeoni, photos, tmp_path, "--overwrite").code == 0
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("do not lose")
    outcome = jeoni("fit", photos, "--backbone", TINY, "--out", precious, "--overwrite")
    assert outcome.code == 1 and "is not a run folder" in outcome.err
    assert (precious / "thesis.txt").exists()


def test_an_unknown_backbone_strategy_head_or_choice(jeoni, make_photos, tmp_path):
    photos = make_photos()
    for words, message in (
        (("--backbone", "resnet5O"), "Did you mean resnet50"),
        (("--strategy", "prob"), "Did you mean probe"),
        (("--head", "liner"), "Did you mean linear"),
        (("--class-weights", "some"), "can be auto, balanced, none"),
        (("--engine", "onnx"), "onnxruntime"),
        (("--test-fraction", "1.5"), "between 0 and 1"),
        (("--steps", "300"), "steps is 300; the strategy probe trains no stages"),
    ):
        outcome = jeoni("fit", photos, "--backbone", TINY, "--out", tmp_path / "run", "--overwrite", *words)
        assert outcome.code == 1 and message in outcome.err, words


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_model_folder_with_a_changed_byte(jeoni, plain_run, make_photos, tmp_path, file):
    photos = make_photos()
    shutil.copytree(plain_run, tmp_path / "run")
    path = tmp_path / "run" / "model" / file
    content = bytearray(path.read_bytes())
    place = content.index(b"class_1") + 6 if file == "config.json" else len(content) // 2
    content[place] ^= 1
    path.write_bytes(content)
    outcome = jeoni("predict", tmp_path / "run" / "model", photos)
    assert outcome.code == 1 and "changed since it was saved" in outcome.err


def test_what_is_not_a_model_or_a_run_is_said(jeoni, make_photos, tmp_path):
    outcome = jeoni("predict", tmp_path, make_photos())
    assert outcome.code == 1 and "is not a model folder" in outcome.err
    outcome = jeoni("report", tmp_path)
    assert outcome.code == 1 and "is not a run folder" in outcome.err


def test_data_with_classes_the_model_does_not_know(jeoni, plain_run, make_photos):
    outcome = jeoni("evaluate", plain_run, make_photos("three", classes=3))
    assert outcome.code == 1 and "class_2" in outcome.err and "unknown classes" in outcome.err


def test_a_test_set_with_a_class_of_its_own(jeoni, make_photos, tmp_path):
    outcome = fit(jeoni, make_photos(), tmp_path, "--test", make_photos("three", classes=3))
    assert outcome.code == 1 and "class_2" in outcome.err


@pytest.mark.parametrize("importing", [False, True])
def test_ctrl_c_while_a_string_is_executed_exits_with_130_too(tmp_path, importing):
    """CPython marks it as not taken care of; `python -m` then died of it, now and then."""
    script = """
        import os, signal
        from jeoni import cli
        from jeoni.cli import _app

        def run():
            try:
                exec("os.kill(os.getpid(), signal.SIGINT)\\nwhile True: pass", globals())
            except KeyboardInterrupt:
                if IMPORTING:
                    raise
                return 130

        _app.run = run
        cli.main()
    """
    (tmp_path / "interrupted.py").write_text(textwrap.dedent(script).replace("IMPORTING", str(importing)))
    paths = [str(tmp_path), *sys.path]
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        timeout=60,
    )
    assert done.returncode == 130


@pytest.mark.parametrize("after_s", [2.0, 4.0, pytest.param(6.0, marks=pytest.mark.slow)])
def test_ctrl_c_exits_with_130_and_says_how_to_go_on(make_photos, tmp_path, after_s):
    photos = tmp_path / "many"
    for kind in (0, 1):
        (photos / f"class_{kind}").mkdir(parents=True)
        for k in range(700):
            Image.fromarray(np.random.default_rng(k + kind * 999).integers(0, 256, (64, 64), dtype=np.uint8)).save(
                photos / f"class_{kind}" / f"{k}.png"
            )
    words = ["fit", photos, "--backbone", "untrained:resnet18", "--out", tmp_path / "run"]
    run = subprocess.Popen(
        [sys.executable, "-m", "jeoni", *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        # a shell that starts tests in the background has Ctrl-C ignored, and its children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(after_s)
    os.kill(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    if err:
        assert "the same command does not compute it again" in " ".join(err.split())
    assert "Traceback" not in err
