"""A stand-in for LMCache's server, written after its documented protocol: LMCache itself cannot be installed without GPU packages.

Like the real one (0.5.6) it keeps values in memory, answers neither writes nor what it does not understand (it hangs up),
and is strict where the real one is: keys, types and formats that it would not parse end the connection.
"""

import re
import socketserver
import struct
import threading
from contextlib import contextmanager

FORMATS, TYPES, LOCATIONS = range(9), range(9), range(3)
NAMES = "half|bfloat16|float|double|u?int8|int16|int32|int64|bool|fp8_e4m3fn|fp8_e5m2"
KEY = re.compile(rf"[^@]+@\d+@\d+@[0-9a-f]+@({NAMES})")


class StandIn(socketserver.ThreadingTCPServer):
    """The server; `values` is what it keeps, `held_bytes` the most that it ever kept."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.values = {}
        self.held_bytes = 0
        self.forgets = False
        self.keeping = threading.Lock()

    @property
    def address(self):
        return "lm://{}:{}".format(*self.server_address)

    def keep(self, key, value):
        with self.keeping:
            if not self.forgets:
                self.values[key] = value
            self.held_bytes = max(self.held_bytes, sum(map(len, self.values.values())))


class Conversation(socketserver.StreamRequestHandler):
    """One connection: requests in their order."""

    def handle(self):
        while header := self.rfile.read(186):
            command, length, form, kind, location, *shape, key = struct.unpack("9i150s", header)
            key = key.decode().strip()
            if not (form in FORMATS and kind in TYPES and location in LOCATIONS and KEY.fullmatch(key)):
                return
            assert shape == [length, 0, 0, 0]
            if command == 1:
                self.server.keep(key, self.rfile.read(length))
            elif command == 2:
                value = self.server.values.get(key)
                self.answer(400 if value is None else 200, value or b"")
            elif command == 3:
                self.answer(200 if key in self.server.values else 400)
            else:
                return

    def answer(self, code, value=b""):
        self.wfile.write(struct.pack("9i", code, len(value), 1, 2, len(value), 0, 0, 0, 0) + value)


@contextmanager
def stand_in():
    """Serve until the end."""
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
