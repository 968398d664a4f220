"""Messages that the page of troubleshooting quotes are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ELSEWHERE = ("operator torchvision::nms does not exist", "out of memory")  # torch's own
SHORTEST = 8  # letters of a part of a message between two gaps


def quoted() -> list[str]:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    symptoms = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    said = [message for symptom in symptoms for message in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", symptom)]
    return [message for message in said if message not in ELSEWHERE]


@pytest.fixture(scope="module")
def code() -> str:
    """All of the code on one line, texts that go over several joined."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    return re.sub(r"\s+", " ", re.sub(r'"\s*\n\s*f?"', "", text)).lower()


def test_messages_are_quoted():
    assert len(quoted()) > 15


@pytest.mark.parametrize("message", quoted())
def test_a_quoted_message_is_in_the_code(message, code):
    parts = [part.strip(" '.,()").lower() for part in message.split("…")]
    long = [part for part in parts if len(part) >= SHORTEST]
    assert long
    assert all(part in code for part in long), message
