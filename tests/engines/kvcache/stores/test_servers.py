"""Real servers: Debian's redis-server, and moto's S3 server; each thread's bytes come back, and nothing stays."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from storagebench.engines.kvcache.native import run_trial
from storagebench.errors import ConfigError, EngineError
from storagebench.launch.local import LocalLauncher
from storagebench.model import LOCALHOST
from tests.engines.kvcache import stages
from tests.engines.kvcache.stores.whole_plan import START_S, check, free_port, store_of


@contextmanager
def redis_server(folder, *more):
    pytest.importorskip("redis")
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *more]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + START_S
            while socket.socket().connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()


@contextmanager
def s3_server(folder, monkeypatch):
    pytest.importorskip("obstore")
    server_of = pytest.importorskip("moto.server")
    server = server_of.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    try:
        import urllib.request

        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/kv-cache", method="PUT"), timeout=START_S)
        yield f"s3://kv-cache?endpoint={endpoint}"
    finally:
        server.stop()


def test_redis_gives_back_what_it_was_given(tmp_path):
    with redis_server(tmp_path) as address:
        check("redis", address)


def test_redis_takes_its_password_from_the_environment(tmp_path, monkeypatch):
    with redis_server(tmp_path, "--requirepass", "hunter2") as address:
        with pytest.raises(EngineError, match="the server cannot be reached .*uthenticat"):
            store_of("redis", address)
        monkeypatch.setenv("REDIS_PASSWORD", "hunter2")
        check("redis", address)


def test_s3_gives_back_what_it_was_given(tmp_path, monkeypatch):
    with s3_server(tmp_path, monkeypatch) as address:
        check("s3", address)


def test_a_server_that_is_not_there_is_named():
    pytest.importorskip("redis")
    with pytest.raises(EngineError, match="redis://127.0.0.1:1: the server cannot be reached"):
        store_of("redis", "redis://127.0.0.1:1")


@pytest.mark.parametrize(("backend", "address"), [("redis", "nonsense"), ("s3", "http://x")])
def test_an_address_that_is_none_is_named(backend, address):
    pytest.importorskip({"redis": "redis", "s3": "obstore"}[backend])
    with pytest.raises(ConfigError, match="store.address="):
        store_of(backend, address)


def test_an_unknown_backend_is_named():
    with pytest.raises(ConfigError, match="no KV-cache backend 'tape'; there are local,"):
        store_of("tape", "")


def test_a_server_that_dies_in_mid_run_fails_it_with_what_the_server_did(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    with redis_server(tmp_path) as address:
        storing = {"backend": "redis", "address": address}
        stage = stages.stage("chat", storing=storing, load={"window_s": 60.0, "most_gib_per_s": 0.1})

        def stop(event):
            if event["kind"] == "progress":
                redis.Redis.from_url(address).shutdown(nosave=True)

        redis = pytest.importorskip("redis")
        with pytest.raises(EngineError, match=r"(reading|writing) object .* failed: the server said: "):
            run_trial(
                stage,
                trial=0,
                seed=1,
                cache_dir=str(cache),
                ranks=1,
                hosts=(LOCALHOST,),
                launcher=LocalLauncher(),
                tell=stop,
            )
    assert list(cache.iterdir()) == []
