"""Passwords in what a user types, which records and logs would keep for ever: found so that they can be refused."""

import re

_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@", re.IGNORECASE)
_NAMED = re.compile(r"(?:^|[\s?&;,])(?:\w*password|\w*passphrase|\w*secret\w*|\w*token)\s*=\s*[^\s&]", re.IGNORECASE)


def holds_password(text: str) -> bool:
    """Say whether a text holds one: ``https://user:password@host``, ``?password=…`` or, as libpq has it, ``password=…``."""
    return bool(_IN_URL.search(text) or _NAMED.search(text))
