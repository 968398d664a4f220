"""The connection to a Ray cluster: made once, looked at before it is used, and without Ray's chatter."""

from __future__ import annotations

import logging
import os
import platform
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from jeoni import distributed
from jeoni._version import __version__
from jeoni.errors import ConfigError, MissingExtra
from jeoni.specs.where import Where

__all__ = ["Cluster", "check_versions", "connect", "import_ray"]

REACHED_S = 10.0
OBJECTS = 1 << 30  # bytes of shared memory on this machine: only what is on its way lies there
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what goes wrong comes as an exception too
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # else the death of a process stands between the lines of a result
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "3",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "3",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # as Ray will do, and warns of until then
}
USUAL = "ray://HOST:10001 is the usual address from outside, HOST:6379 that on a machine of the cluster."
_connected: Cluster | None = None


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process is connected to.

    Attributes:
        where: how it was named.
        cpus: cores that Ray may use.
        gpus: GPUs that Ray may use.
    """

    where: Where
    cpus: int
    gpus: int


def import_ray() -> ModuleType:
    """Import Ray, its dashboard, usage statistics and messages being off.

    Raises:
        MissingExtra: it is not installed.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError:
        raise MissingExtra("ray", "ray", "Running on a Ray cluster") from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    module: ModuleType = ray
    return module


def connect(where: Where) -> Cluster:
    """Connect to a cluster, or start one on this machine; a second time nothing happens.

    A Ray that this process was connected to by its user is used as it is, if it is the one that is meant.

    Raises:
        MissingExtra: Ray is not installed.
        ConfigError: one of several processes; nobody answers at the address; another version of Ray, Python or jeoni.
    """
    global _connected
    ray = import_ray()
    if distributed.world_size() > 1:
        raise ConfigError(
            f"A Ray cluster {where.told} is asked for by one of {distributed.world_size()} processes that share "
            "extraction already. Start a single process, or leave out --on."
        )
    if _connected is not None and _connected.where == where and ray.is_initialized():
        return _connected
    if _connected is not None:
        ray.shutdown()
        _connected = None
    if where.host:
        _check_reached(where)
        if os.environ.get("RAY_USE_TLS", "0").lower() not in ("1", "true"):
            _check_speaks(where)
    if not ray.is_initialized():
        _begin(ray, where)
    if where.host:
        check_versions(_versions_there(ray), where.address)
    there = ray.cluster_resources()
    _connected = Cluster(where, max(1, int(there.get("CPU", 1))), int(there.get("GPU", 0)))
    return _connected


def _check_reached(where: Where) -> None:
    """Ask whether anybody listens there: Ray itself would try for minutes."""
    try:
        socket.create_connection((where.host, where.port), timeout=REACHED_S).close()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise ConfigError(
            f"No Ray cluster answers at {where.address} ({reason}). Needed is the address of one that runs: `ray "
            f"status` on its first machine tells whether it does. {USUAL}"
        ) from error


def _check_speaks(where: Where) -> None:
    """Ask whether who listens there speaks as Ray does (gRPC): it would wait for an answer for minutes, too."""
    try:
        import grpc
    except ImportError:
        raise MissingExtra("grpcio", "ray", "Joining a Ray cluster") from None
    with grpc.insecure_channel(f"{where.host}:{where.port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=REACHED_S)
        except grpc.FutureTimeoutError as error:
            raise ConfigError(f"What answers at {where.address} is no Ray cluster. {USUAL}") from error


def _begin(ray: ModuleType, where: Where) -> None:
    own: dict[str, Any] = {}
    if not where.host:
        own = {"num_cpus": distributed.cores(), "include_dashboard": False, "object_store_memory": OBJECTS}
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": False}
    try:
        with _silent_start():
            ray.init(address=where.address, **own, **quiet)
    except Exception as error:  # of many kinds, by what is there instead of a cluster
        reason = " ".join(str(error).split())[:400]
        wrong = "is of another version" if "ersion mismatch" in reason else "could not be joined"
        mend = (
            "Ray and Python must be the same on both sides: install them as they are there."
            if "ersion mismatch" in reason
            else USUAL
        )
        raise ConfigError(f"The Ray cluster {where.told} {wrong}: {reason.rstrip('.')}. {mend}") from error


@contextmanager
def _silent_start() -> Iterator[None]:
    """Close the error channel while Ray starts: its core writes there past Python that it will write nothing."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _versions_there(ray: ModuleType) -> dict[str, str]:
    """Of Python and jeoni on a machine of the cluster; jeoni's is empty where it has none."""

    def versions() -> dict[str, str]:  # defined in a function, it is sent as code: jeoni may be missing there
        import platform

        try:
            from jeoni._version import __version__ as found
        except ImportError:
            found = ""
        return {"Python": platform.python_version(), "jeoni": found}

    found: dict[str, str] = ray.get(ray.remote(num_cpus=0)(versions).remote())
    return found


def check_versions(there: dict[str, str], address: str) -> None:
    """Hold a cluster's versions against this process's.

    Args:
        there: of ``Python`` and ``jeoni``; empty where it is not installed.
        address: of the cluster, for the message.

    Raises:
        ConfigError: they differ; features could then differ too.
    """
    if not there["jeoni"]:
        raise ConfigError(
            f"The machines of the Ray cluster at {address} have no jeoni. Install it there: "
            f"pip install 'jeoni[ray]=={__version__}'"
        )
    here = {"Python": platform.python_version(), "jeoni": __version__}
    for what, found in there.items():
        mine = here[what]
        alike = found.split(".")[:2] == mine.split(".")[:2] if what == "Python" else found == mine
        if not alike:
            raise ConfigError(
                f"The Ray cluster at {address} has {what} {found}; this process has {mine}. Needed is the same on both "
                "sides: install it as it is here."
            )
