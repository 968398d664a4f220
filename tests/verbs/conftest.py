"""For all: small pictures."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def everywhere(small_pictures: None) -> None:
    """Each test here has to do with pictures in a network, and none with how large they are."""
