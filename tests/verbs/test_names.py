from __future__ import annotations

import pytest

import jeoni
from jeoni import plugins


@pytest.mark.parametrize("name", plugins.names("jeoni.verbs"))
def test_a_verb_is_the_function_of_its_name(name):
    verb = plugins.load("jeoni.verbs", name)
    assert verb.__name__ == name and getattr(jeoni, name) is verb
