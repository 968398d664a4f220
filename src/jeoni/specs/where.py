"""Where frozen stages are run: in this process, or on a Ray cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jeoni.errors import ConfigError, did_you_mean

__all__ = ["HERE", "Where", "parse_where"]

HERE, LOCAL = "here", "ray"
CLIENT = "ray://"
HOST = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:.%]+\]):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Where:
    """What ``--on`` says.

    Attributes:
        address: as Ray takes it: ``local``, ``ray://HOST:PORT`` or ``HOST:PORT``; empty for this process.
        host: of the cluster; empty where there is none yet.
        port: of the cluster.
    """

    address: str = ""
    host: str = ""
    port: int = 0

    @property
    def here(self) -> bool:
        """Whether it is this process."""
        return not self.address

    @property
    def told(self) -> str:
        """Where it is, in a sentence."""
        return f"at {self.address}" if self.host else "on this machine"


def parse_where(on: str) -> Where:
    """What a user named.

    Args:
        on: ``here``, ``ray``, ``ray://HOST:PORT`` or ``HOST:PORT``.

    Raises:
        ConfigError: something else.

    Example:
        >>> parse_where("ray://head:10001")
        Where(address='ray://head:10001', host='head', port=10001)
    """
    if on == HERE:
        return Where()
    if on == LOCAL:
        return Where("local")
    found = HOST.fullmatch(on.removeprefix(CLIENT))
    if found is None or int(found["port"]) > 65535:
        near = did_you_mean(on, (HERE, LOCAL))
        raise ConfigError(
            f"on is {on!r}; it can be here, ray (the cores of this machine, through Ray), ray://HOST:PORT (a Ray "
            f"cluster elsewhere) or HOST:PORT (a cluster that this machine is part of).{near}"
        )
    return Where(on, found["host"].strip("[]"), int(found["port"]))
