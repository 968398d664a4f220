"""Names reach files and terminals as text."""

from __future__ import annotations

import json

import pytest

from jeoni.files.names import encodable, encodable_content, visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred", "\\x9b31mred"),
        ("a\rb\x00\x7f", "a\\x0db\\x00\\x7f"),
        ("gpj\u202egnp.exe", "gpj\\u202egnp.exe"),
        ("caf\udce9", "caf\\xe9"),
        ("한글\tcafé\n", "한글\tcafé\n"),
    ],
)
def test_what_steers_a_terminal_is_escaped(name, shown):
    assert visible(name) == shown


def test_any_content_can_be_encoded():
    content = {"caf\udce9": ["\ud800", ("a", 1, None)], 2: "b"}
    assert encodable_content(content) == {"caf\\xe9": ["\\ud800", ["a", 1, None]], "2": "b"}
    json.dumps(encodable_content(content), ensure_ascii=False).encode()
    assert encodable("plain") == "plain"
