"""How many NUMA nodes a host has; runs on the hosts themselves, on any Python from 3.6 on."""

from pathlib import Path


def facts():  # type: ignore[no-untyped-def]  # noqa: ANN201 - it travels as a text
    """Return what records keep of the host as `extra.numa`."""
    return {"nodes": len(list(Path("/sys/devices/system/node").glob("node[0-9]*")))}
