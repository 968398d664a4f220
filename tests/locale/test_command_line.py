"""What the command line says without a verb's own words: wrong calls, the cache, lists, all help pages."""

from __future__ import annotations

import sys

import pytest
import torch

from jeoni import distributed, plugins
from jeoni.cli import build_command
from jeoni.cli._app import run
from jeoni.extensions import POINTS, folders_of
from jeoni.locale import table


@pytest.fixture
def korean(monkeypatch, capsys, tmp_path):
    """Run a command line as a Korean user does; returns what was said and the exit code."""
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setenv("JEONI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["jeoni", *words])
        code = run()
        told = capsys.readouterr()
        return code, told.out + told.err

    return call


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fti"], "jeoni: 'fti': 그런 명령이 없습니다. 비슷한 이름: fit. 명령: adapt,"),
        (["report"], "사용법: jeoni report [옵션] {run}\n도움말: jeoni report --help\n\njeoni: 'run'을 지정하십시오."),
        (["report", "a", "b"], "필요 없는 인자가 있습니다: b"),
        (["list", "--mach", "x"], "--mach: 그런 옵션이 없습니다."),
        (["list", "--match"], "'--match' 옵션에 값을 지정하십시오."),
        (["cache", "--older-than", "x"], "옵션의 값이 올바르지 않습니다: 숫자를 입력하십시오"),
    ],
)
def test_a_wrong_call_is_told_in_korean(korean, words, said):
    code, told = korean(*words)
    assert code == 2 and said in told


def test_without_a_verb_there_is_the_help_page(korean):
    code, told = korean()
    assert code == 2 and told.startswith("사용법: jeoni [옵션] 명령 [인자]...") and "명령:" in told


def test_an_error_of_a_verb_is_told_in_korean(korean):
    assert korean("cache", "fill") == (1, "jeoni: cache에는 list와 clear만 쓸 수 있습니다. 입력한 값: 'fill'.\n")


def test_the_cache_is_told_in_korean(korean):
    assert "캐시가 비어 있습니다." in korean("cache")[1]
    assert "0.0 MB를 비웠습니다" in korean("cache", "clear")[1]


def test_lists_have_korean_headings_and_notes(korean):
    told = korean("list", "backbones")[1]
    assert told.split()[:3] == ["이름", "입력", "출처"]
    assert "그 밖에 허브나" in told and "jeoni가 저장한 모델: 그 폴더." in told


def test_what_extensions_are_is_told_in_korean_with_their_papers(korean):
    told = " ".join(korean("list", "strategies", "--match", "lora")[1].split())
    assert "lora 선형 층의 저랭크 어댑터(LoRA). peft 사용 (LoRA, Hu et al. ICLR 2022, arXiv:2106.09685)" in told
    lacking = [
        f"{folder}.{name}"
        for folder in {folder for point in POINTS for folder in folders_of(point.name)}
        for name in plugins.names(folder)
        if name not in table("extensions", "ko").get(folder.removeprefix("jeoni."), {})
    ]
    assert not lacking, "add these to src/jeoni/locale/ko/extensions.py"


def test_every_text_of_every_help_page_is_korean():
    group, known = build_command(), table("help", "ko")
    lacking = set()
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        texts = {command.help, *(getattr(parameter, "help", None) for parameter in command.params)}
        lacking |= {text for text in texts if text and text not in known and not text.startswith("One of: ")}
    assert not lacking, "add these to src/jeoni/locale/ko/help.py"


def test_a_gpu_whose_memory_ended_where_nobody_could_say_it_better_is_told_without_a_traceback(korean, monkeypatch):
    def refuse() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(distributed, "device", refuse)
    code, said = korean("doctor")
    assert code == 1 and "GPU 메모리가 부족합니다" in said and "--device cpu" in said
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("LANG", "C")
    code, said = korean("doctor")
    assert code == 1 and "The GPU has not enough memory." in said and "--batch-size" in said
