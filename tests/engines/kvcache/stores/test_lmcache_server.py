"""LMCache's server by its protocol: a stand-in always, the real `lmcache_server` where somebody has installed it."""

import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from storagebench.engines.kvcache.stores import StoreError
from storagebench.errors import ConfigError, EngineError
from storagebench.units import KIB
from tests.engines.kvcache.stores.lmcache_stand_in import stand_in
from tests.engines.kvcache.stores.whole_plan import START_S, check, free_port, store_of

PART = memoryview(bytearray(b"x" * 128 * KIB))


@contextmanager
def real_server():
    if shutil.which("lmcache_server") is None:
        pytest.skip("NOT TESTED: lmcache_server is not installed: pip install lmcache, with its GPU packages")
    port = free_port()
    with subprocess.Popen(["lmcache_server", "127.0.0.1", str(port)], stdout=-3, stderr=-3) as server:
        try:
            deadline = time.monotonic() + START_S
            while socket.socket().connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
                time.sleep(0.02)
            yield f"lm://127.0.0.1:{port}"
        finally:
            server.terminate()


@contextmanager
def one_answer(answer):
    """Listen, read one request, answer so, and hang up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            talking, _ = listening.accept()
            with talking:
                talking.recv(186)
                talking.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield "lm://{}:{}".format(*listening.getsockname())
        thread.join()


def test_a_whole_plan_comes_back_and_leaves_only_empty_values():
    with stand_in() as server:
        check("lmcache", server.address)
        assert server.values
        assert set(server.values.values()) == {b""}


def test_the_real_server_gives_back_what_it_was_given():
    with real_server() as address:
        check("lmcache", address)


def test_what_is_deleted_gives_its_bytes_back_at_once():
    with stand_in() as server:
        _, store = store_of("lmcache", server.address)
        session = store.session()
        for name in range(3):
            session.create(name, 2 * len(PART))
            session.write(PART, 0)
            session.write(PART, len(PART))
            session.commit()
            session.delete(name)
        assert server.held_bytes <= 2 * len(PART)
        with pytest.raises(FileNotFoundError):
            session.read(PART, 0)


def test_a_value_that_the_server_did_not_keep_fails_its_write():
    with stand_in() as server:
        _, store = store_of("lmcache", server.address)
        server.forgets = True
        session = store.session()
        session.create(1, len(PART))
        with pytest.raises(StoreError, match="the server did not keep"):
            session.write(PART, 0)


def test_a_value_of_another_size_is_a_short_read():
    with stand_in() as server:
        _, store = store_of("lmcache", server.address)
        session = store.session()
        session.create(1, len(PART))
        session.write(PART, 0)
        session.commit()
        session.open(1, 2 * len(PART))
        with pytest.raises(StoreError, match=r"short read: 128\.00 KiB where 256\.00 KiB were written"):
            session.read(memoryview(bytearray(2 * len(PART))), 0)


def test_a_server_that_dies_is_told_of():
    with stand_in() as server:
        _, store = store_of("lmcache", server.address)
        session = store.session()
        session.create(1, len(PART))
        server.keep = lambda *_: 1 / 0
        server.handle_error = lambda *_: None
        with pytest.raises(StoreError, match="the server hung up|the connection to the server was lost"):
            session.write(PART, 0)


def test_a_server_that_is_not_there_is_named_with_what_brings_one():
    with pytest.raises(EngineError, match=r"lm://127.0.0.1:1: .*\(Connection refused\).*lmcache_server HOST PORT.*pip"):
        store_of("lmcache", "lm://127.0.0.1:1")


@pytest.mark.parametrize("answer", [b"", b"-ERR\r\n", b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"])
def test_a_server_of_another_kind_is_named(answer):
    with one_answer(answer) as address, pytest.raises(EngineError, match="is no server of LMCache's"):
        store_of("lmcache", address)


@pytest.mark.parametrize("address", ["", "redis://x:1", "lm://", "lm://host", "lm://host:port", "lm://host:70000"])
def test_an_address_that_is_none_is_named(address):
    with pytest.raises(ConfigError, match=r"store\.address=.*: give lm://host:port"):
        store_of("lmcache", address)
