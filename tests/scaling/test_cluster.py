from __future__ import annotations

import platform
import socket
import sys
from types import SimpleNamespace

import pytest

import jeoni
from jeoni.errors import ConfigError, MissingExtra
from jeoni.scaling import cluster
from jeoni.scaling.choose import executor_of
from jeoni.scaling.cluster import check_versions, connect
from jeoni.specs import PredictSpec
from jeoni.specs.where import Where, parse_where

VERSIONS = {"Python": platform.python_version(), "jeoni": jeoni.__version__}


@pytest.fixture
def ray(monkeypatch):
    """Ray as far as a connection needs it; what it was called with is kept."""
    made = SimpleNamespace(calls=[], there=VERSIONS, init=None, known={"CPU": 6.0, "GPU": 2.0}, up=False)

    def init(**options):
        made.calls.append(options)
        if made.init is not None:
            raise made.init
        made.up = True

    module = SimpleNamespace(
        init=init,
        is_initialized=lambda: made.up,
        shutdown=lambda: setattr(made, "up", False),
        cluster_resources=lambda: made.known,
        remote=lambda **options: lambda function: SimpleNamespace(remote=lambda: made.there),
        get=lambda value: value,
    )
    monkeypatch.setattr(cluster, "import_ray", lambda: module)
    monkeypatch.setattr(cluster, "_check_speaks", lambda where: None)
    monkeypatch.setattr(cluster, "_connected", None)
    return made


@pytest.fixture
def listening():
    """The address of somebody who listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("on", "where"),
    [
        ("here", Where()),
        ("ray", Where("local")),
        ("ray://head:10001", Where("ray://head:10001", "head", 10001)),
        ("10.0.0.1:6379", Where("10.0.0.1:6379", "10.0.0.1", 6379)),
        ("[::1]:6379", Where("[::1]:6379", "::1", 6379)),
    ],
)
def test_a_place_is_understood(on, where):
    assert parse_where(on) == where and where.here == (on == "here")


@pytest.mark.parametrize("on", ["rya", "ray:/head:1", "head", "ray://head", "head:99999", "", "http://head:80"])
def test_another_place_is_refused_before_anything_is_read(on):
    with pytest.raises(ConfigError, match=r"on is .*; it can be here, ray \(.*ray://HOST:PORT .* or HOST:PORT"):
        PredictSpec(on=on)


def test_a_slip_of_the_pen_is_understood():
    with pytest.raises(ConfigError, match=r"Did you mean ray\?"):
        PredictSpec(on="rya")


def test_without_ray_the_pip_line_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"Ray cluster needs the package 'ray'.*pip install 'jeoni\[ray\]'"):
        executor_of(PredictSpec(on="ray"))


def test_nobody_at_the_address_is_said_at_once(ray):
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    for on in (f"ray://127.0.0.1:{closed}", f"127.0.0.1:{closed}"):
        with pytest.raises(ConfigError, match=rf"No Ray cluster answers at {on} \(.*`ray status`"):
            executor_of(PredictSpec(on=on))
    assert ray.calls == []


def test_somebody_else_at_the_address_is_said_at_once(listening, monkeypatch):
    pytest.importorskip("grpc")
    monkeypatch.setattr(cluster, "REACHED_S", 0.2)
    with pytest.raises(ConfigError, match=r"What answers at .* is no Ray cluster\. ray://HOST:10001 is the usual"):
        cluster._check_speaks(parse_where(listening))


def test_what_joining_needs_is_said_with_the_pip_line(listening, monkeypatch):
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(MissingExtra, match=r"needs the package 'grpcio'.*pip install 'jeoni\[ray\]'"):
        cluster._check_speaks(parse_where(listening))


def test_something_else_at_the_address_is_said(ray, listening):
    ray.init = ConnectionError("ray client connection timeout")
    with pytest.raises(ConfigError, match=r"could not be joined: ray client connection timeout\. .*HOST:6379"):
        connect(parse_where(f"ray://{listening}"))


def test_a_cluster_of_another_ray_is_refused(ray, listening):
    ray.init = RuntimeError("Version mismatch: The cluster was started with:\n    Ray: 2.9.0\n    Python: 3.10.1")
    with pytest.raises(ConfigError, match=r"another version: .* Ray: 2\.9\.0 Python: 3\.10\.1\. .*same on both sides"):
        connect(parse_where(listening))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"jeoni": ""}, rf"have no jeoni\. Install it there: pip install 'jeoni\[ray\]=={jeoni.__version__}'"),
        ({"jeoni": "0.0.1"}, rf"has jeoni 0\.0\.1; this process has {jeoni.__version__}\. Needed is the same"),
        ({"Python": "3.4.1"}, rf"has Python 3\.4\.1; this process has {platform.python_version()}\."),
    ],
)
def test_a_cluster_of_other_versions_is_refused(ray, listening, there, said):
    ray.there = VERSIONS | there
    with pytest.raises(ConfigError, match=said):
        connect(parse_where(listening))


def test_another_patch_of_python_will_do():
    major, minor, _ = platform.python_version_tuple()
    check_versions(VERSIONS | {"Python": f"{major}.{minor}.99"}, "head:6379")


def test_one_of_several_processes_cannot_ask_others(ray, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    with pytest.raises(
        ConfigError,
        match=r"on this machine is asked for by one of 2 processes that share extraction already\. Start a single",
    ):
        connect(parse_where("ray"))


def test_a_cluster_is_joined_once_and_left_for_another(ray, listening):
    here, there = parse_where("ray"), parse_where(listening)
    assert connect(here) == connect(here) and len(ray.calls) == 1
    assert ray.calls[0]["address"] == "local" and ray.calls[0]["include_dashboard"] is False
    assert connect(there).gpus == 2 and connect(there).cpus == 6
    assert [call["address"] for call in ray.calls] == ["local", listening] and "num_cpus" not in ray.calls[1]


def test_a_ray_that_is_there_is_used(ray):
    ray.up = True
    assert connect(parse_where("ray")).cpus == 6 and ray.calls == []
