"""Damaged and hostile input: every case ends in a result or in one of jeoni's errors; none hangs, bursts or loses a file.

The cases are seeded. Each has ten seconds and, beside what the process holds, two gigabytes. The first 80 of 500 are
run by default, all of them with `-m slow`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import jeoni
from jeoni.errors import JeoniError
from jeoni.features.examples import Context
from jeoni.report import render
from jeoni.runs import seal
from tests.conftest import make_picture, make_texts

SECONDS = 10
MEMORY = 2 << 30
HOSTILE: list[Any] = [
    None,
    True,
    -1,
    0,
    10**18,
    1e308,
    float("nan"),
    "",
    "/dev/zero",
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "\x1b[2J\x00",
    "\udcff",
    "x" * 100_000,
    [],
    [[[[[[]]]]]],
    {},
    {"a": {"b": None}},
    ["", -1, None],
]


def first_and_all(first: int, everything: int) -> pytest.MarkDecorator:
    """So many cases of the same sequence by default, and all of them under the mark ``slow``."""
    return pytest.mark.parametrize("cases", [first, pytest.param(everything, marks=pytest.mark.slow)])


@pytest.fixture(autouse=True)
def bounded_memory() -> Iterator[None]:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextlib.contextmanager
def bounded_time() -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise TimeoutError(f"The case took more than {SECONDS} s.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def answers(work: Callable[[], object]) -> str:
    """What jeoni said; empty where the work was done. Any other exception fails the test."""
    with bounded_time():
        try:
            work()
        except JeoniError as error:
            assert str(error).strip()
            assert "Traceback" not in str(error)
            return str(error)
    return ""


def snapshot(folder: Path) -> dict[str, str]:
    files = (f for f in sorted(folder.rglob("*")) if f.is_file())
    return {f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def leaves(content: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value, containers included."""
    yield at
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inside:
        yield from leaves(value, (*at, key))


def replaced(content: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    copy = dict(content) if isinstance(content, dict) else list(content)
    copy[at[0]] = replaced(content[at[0]], at[1:], value)
    return copy


def mutate_json(file: Path, rng: np.random.Generator) -> str:
    content = json.loads(file.read_text(encoding="utf-8"))
    places = [at for at in leaves(content) if at]
    at = places[rng.integers(len(places))]
    value = HOSTILE[rng.integers(len(HOSTILE))]
    changed = replaced(content, at, value)
    if "seal" in content and rng.random() < 0.8:
        changed = seal(json.loads(json.dumps(changed)))
    file.write_text(json.dumps(changed), encoding="utf-8", errors="surrogatepass")
    return f"{file.name}: {'.'.join(map(str, at))} = {str(value)[:40]!r}"


def mutate_bytes(file: Path, rng: np.random.Generator) -> str:
    """Flip, cut, repeat, insert or empty."""
    raw = bytearray(file.read_bytes())
    how = ["flip", "cut", "repeat", "insert", "empty", "zero"][rng.choice(6, p=[0.5, 0.15, 0.1, 0.15, 0.05, 0.05])]
    at = int(rng.integers(max(1, len(raw))))
    if how == "flip":
        for place in rng.integers(0, max(1, len(raw)), rng.integers(1, 20)):
            raw[place] ^= int(rng.integers(1, 256))
    elif how == "cut":
        raw = raw[:at]
    elif how == "repeat":
        raw = raw[:at] + raw
    elif how == "insert":
        raw = raw[:at] + rng.bytes(int(rng.integers(1, 200))) + raw[at:]
    elif how == "zero":
        raw[at : at + 64] = bytes(len(raw[at : at + 64]))
    else:
        raw = bytearray()
    file.write_bytes(raw)
    return f"{file.name}: {how} at {at}"


def mutate_file(file: Path, rng: np.random.Generator) -> str:
    """As bytes, as JSON, or by something else in its place."""
    if file.suffix == ".json" and rng.random() < 0.75:
        return mutate_json(file, rng)
    if rng.random() < 0.8:
        return mutate_bytes(file, rng)
    file.unlink()
    instead = ["nothing", "folder", "pipe", "zeros", "link"][rng.integers(5)]
    if instead == "folder":
        file.mkdir()
    elif instead == "pipe":
        os.mkfifo(file)
    elif instead == "zeros":
        file.symlink_to("/dev/zero")
    elif instead == "link":
        file.symlink_to("/etc/passwd")
    return f"{file.name}: {instead}"


def changed_copies(
    original: Path, folder: Path, cases: int, seed: int, suffixes: tuple[str, ...] = ()
) -> Iterator[tuple[Path, str]]:
    """Copies of a folder, each with one file mutated."""
    rng = np.random.default_rng(seed)
    names = sorted(f.relative_to(original) for f in original.rglob("*") if f.is_file())
    names = [n for n in names if not suffixes or n.suffix in suffixes]
    for number in range(cases):
        copy = folder / f"case{number}"
        shutil.copytree(original, copy, symlinks=True)
        yield copy, mutate_file(copy / names[rng.integers(len(names))], rng)
        shutil.rmtree(copy)


@pytest.fixture
def run(plain_run: Path) -> Path:
    return plain_run


@pytest.mark.parametrize(("cases", "least"), [(24, 7), pytest.param(150, 75, marks=pytest.mark.slow)])
def test_a_damaged_or_forged_model_folder_loads_or_is_refused(
    run: Path, tmp_path: Path, cases: int, least: int
) -> None:
    picture = np.asarray(make_picture(0, 99))[None]
    refused = 0
    for copy, how in changed_copies(run / "model", tmp_path, cases, seed=1):
        said = answers(lambda copy=copy: jeoni.load_model(copy).predict(picture))
        refused += bool(said)
        assert len(said) < 2000, how
    assert refused > least


@first_and_all(12, 100)
def test_a_damaged_or_forged_run_gives_a_report_or_a_sentence(run: Path, tmp_path: Path, cases: int) -> None:
    secret = Path("/etc/passwd").read_text().splitlines()[0]
    for copy, how in changed_copies(run, tmp_path, cases, seed=2, suffixes=(".json", ".csv", ".jpg", ".png")):
        answers(lambda copy=copy: render(copy))
        page = copy / "report.html"
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        assert secret not in text, how
        assert "<script>alert(1)" not in text, how


def tables(folder: Path) -> list[Path]:
    import pyarrow
    import pyarrow.parquet

    texts, labels = make_texts(10)
    rows = [f'"{t}",{k}' for t, k in zip(texts, labels, strict=True)]
    (folder / "t.csv").write_text("text,label\n" + "\n".join(rows))
    (folder / "t.tsv").write_text("text\tlabel\n" + "\n".join(f"{t}\t{k}" for t, k in zip(texts, labels, strict=True)))
    lines = (json.dumps({"text": t, "label": k}) for t, k in zip(texts, labels, strict=True))
    (folder / "t.jsonl").write_text("\n".join(lines))
    pyarrow.parquet.write_table(pyarrow.table({"text": texts, "label": labels}), folder / "t.parquet")
    numbers = np.random.default_rng(0).normal(size=(20, 3))
    np.savez(folder / "t.npz", features=numbers, labels=np.array(labels))
    import scipy.io

    scipy.io.savemat(folder / "t.mat", {"fts": numbers, "labels": np.arange(20)[:, None] % 2})
    return sorted(folder.iterdir())


@first_and_all(18, 90)
def test_a_damaged_table_is_read_or_refused_and_stays_what_it_was(tmp_path: Path, cases: int) -> None:
    (tmp_path / "whole").mkdir()
    tables(tmp_path / "whole")
    for copy, how in changed_copies(tmp_path / "whole", tmp_path, cases, seed=3):
        before = {k: v for k, v in snapshot(copy).items() if not (copy / k).is_symlink()} if "zeros" not in how else {}
        file = copy / how.partition(":")[0]
        answers(lambda file=file: jeoni.load_data(file))
        for name, digest in before.items():
            assert hashlib.sha256((copy / name).read_bytes()).hexdigest() == digest, how


@first_and_all(10, 60)
def test_damaged_pictures_are_read_or_reported(run: Path, tmp_path: Path, cases: int) -> None:
    model = jeoni.load_model(run / "model")
    whole = tmp_path / "whole"
    whole.mkdir()
    for number, suffix in enumerate(("png", "jpg", "gif", "bmp", "tif", "webp")):
        make_picture(0, number).save(whole / f"{number}.{suffix}")
    Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64)).save(whole / "deep.png")
    for copy, how in changed_copies(whole, tmp_path, cases, seed=4):
        said = model.predict(copy)
        assert len(said) >= 6, how
        assert np.isfinite(said.probs).all(), how


@first_and_all(8, 50)
def test_damaged_audio_is_read_or_reported(tmp_path: Path, cases: int) -> None:
    soundfile = pytest.importorskip("soundfile")
    whole = tmp_path / "whole"
    whole.mkdir()
    wave = 0.3 * np.sin(np.arange(8000) / 5)
    for suffix in ("wav", "flac", "ogg"):
        soundfile.write(whole / f"tone.{suffix}", wave, 8000)
    from jeoni.data.read import load_items

    for copy, _ in changed_copies(whole, tmp_path, cases, seed=5):
        answers(lambda copy=copy: [read_all(load_items(copy, "audio"))])


def read_all(data: Any) -> None:
    from jeoni.modalities.audio.recordings import open_audio

    for number in range(len(data)):
        with contextlib.suppress(JeoniError):
            open_audio(data.items.read(number), data.items.name(number), 16_000)


@first_and_all(8, 50)
def test_a_damaged_store_gives_the_same_predictions_or_computes_anew(run: Path, tmp_path: Path, cases: int) -> None:
    model = jeoni.load_model(run / "model")
    photos = run.parent / "photos"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(tmp_path / "whole"))
        expected = model.predict(photos, Context()).probs
        for copy, how in changed_copies(tmp_path / "whole", tmp_path, cases, seed=6):
            patch.setenv("JEONI_CACHE", str(copy))
            with bounded_time():
                assert np.allclose(model.predict(photos, Context()).probs, expected, atol=1e-4), how
