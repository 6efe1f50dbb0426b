"""The cross-field rules of a system description, numbered as upstream's validator numbers them: 1 to 17 of rule 3.1.

Each reads `system_under_test`, yields what is wrong, and passes over what has not the form that its shape demands.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rules.shapes import Problem

Cross = Callable[[Mapping[str, Any]], Iterator[Problem]]
Entry = tuple[str, Mapping[str, Any]]

NODES = ("product_nodes", "clients")
MOST = 10**9
"""No system has as many parts of a kind; sums and products of fewer can be written down."""


def onprem_names_its_racks(system: Mapping[str, Any]) -> Iterator[Problem]:
    """1 to 6: on premises every product node, client and switch has rack_units and power, and a total is given."""
    if system.get("deployment") != "onprem":
        return
    for name, entry in (*_chassis(system, *NODES), *_entries(system, "product_switches")):
        for key in ("rack_units", "power"):
            if entry.get(key) is None:
                yield Problem(name, f"no {key}", f"{name}.{key}, as it stands on premises")
    if _total(system) is None:
        yield Problem("", "no total_rack_units", "total_rack_units, as it stands on premises")


def cloud_has_no_racks(system: Mapping[str, Any]) -> Iterator[Problem]:
    """7 to 10: in a cloud there are no switches and no power supplies of racks, and nodes have no rack_units and power."""
    if system.get("deployment") != "cloud":
        return
    for key in ("product_switches", "rack_power_supplies"):
        if system.get(key):
            yield Problem(key, "given", "nothing of it in a cloud")
    for name, entry in _chassis(system, *NODES):
        for key in ("rack_units", "power"):
            if entry.get(key) is not None:
                yield Problem(f"{name}.{key}", "given", "nothing of it in a cloud")


def rack_units_add_up(system: Mapping[str, Any]) -> Iterator[Problem]:
    """11: total_rack_units is the sum over product nodes and switches; clients do not count."""
    total = _total(system)
    if total is None or not _is_count(total[1]):
        return
    places = [*_entries(system, "product_nodes"), *_entries(system, "product_switches")]
    units = sum(
        _count(_below(entry, "chassis") or entry, "rack_units") * _count(entry, "quantity", "unit_count")
        for _, entry in places
    )
    if units != total[1]:
        yield Problem(total[0], f"{total[1]:g}", f"{units}, the sum over product nodes and switches")


def power_supplies_suffice(system: Mapping[str, Any]) -> Iterator[Problem]:
    """12: no more power supplies must be active than are installed."""
    holders = [*_chassis(system, *NODES), *_entries(system, "product_switches")]
    blocks = [(f"{name}.power", _below(entry, "power")) for name, entry in holders]
    for name, power in (*blocks, *_entries(system, "rack_power_supplies")):
        if not power or not isinstance(power.get("psus_configured"), list):
            continue
        installed = sum(_count(psu, "unit_count") for _, psu in _entries(power, "psus_configured"))
        if _count(power, "min_psus_active") > installed:
            saw = f"{power['min_psus_active']} of {installed} installed"
            yield Problem(f"{name}.min_psus_active", saw, "no more than are installed")


def remapping_takes_time_unless_simultaneous(system: Mapping[str, Any]) -> Iterator[Problem]:
    """13: remap_time_in_seconds is 0 exactly when simultaneous_write and simultaneous_read are both true."""
    said = _below(_below(system, "solution"), "capabilities")
    seconds, flags = said.get("remap_time_in_seconds"), [said.get(f"simultaneous_{way}") for way in ("write", "read")]
    if not isinstance(seconds, int) or not all(isinstance(flag, bool) for flag in flags):
        return
    if (seconds == 0) is not all(flags):
        needs = "0 when both ways are simultaneous, and only then"
        yield Problem("solution.capabilities.remap_time_in_seconds", f"{seconds}", needs)


def client_words_go_together(system: Mapping[str, Any]) -> Iterator[Problem]:
    """14: client_footprint and client_installation are both n/a, or neither is."""
    said = _below(_below(system, "solution"), "architecture")
    words = [said.get("client_footprint"), said.get("client_installation")]
    if None not in words and (words[0] == "n/a") is not (words[1] == "n/a"):
        yield Problem("solution.architecture.client_footprint", f"{words[0]} and {words[1]}", "n/a for both or neither")


def remote_storage_has_a_network(system: Mapping[str, Any]) -> Iterator[Problem]:
    """15 and 16: where storage is remote, in part or all of it, every product node and client names its network."""
    if _location(system) in ("remote", "remote_and_local"):
        for name, entry in (*_entries(system, NODES[0]), *_entries(system, NODES[1])):
            if not entry.get("networking"):
                yield Problem(name, "no networking", f"{name}.networking, as storage is remote")


def local_storage_has_no_switches(system: Mapping[str, Any]) -> Iterator[Problem]:
    """17: where storage is local there are no switches."""
    if _location(system) == "local" and system.get("product_switches"):
        yield Problem("product_switches", "given", "nothing of it, as storage is local")


def ports_that_are_up_carry_something(system: Mapping[str, Any]) -> Iterator[Problem]:
    """Beside the seventeen: a port whose state is up has a speed, and at least one kind of traffic."""
    nodes = (entry for key in NODES for entry in _entries(system, key))
    ports = [(f"{name}.networking", _entries(entry, "networking")) for name, entry in nodes]
    ports += [(f"{name}.ports", _entries(entry, "ports")) for name, entry in _entries(system, "product_switches")]
    for above, entries in ports:
        for name, port in entries:
            for key in ("speed", "traffic") if port.get("state") == "up" else ():
                if not port.get(key):
                    place = f"{above}.{name.rpartition('.')[2]}"
                    yield Problem(place, f"no {key}", f"{place}.{key}, as its state is up")


def remote_storage_on_premises_is_itemised(system: Mapping[str, Any]) -> Iterator[Problem]:
    """Beside the seventeen: storage that is remote and on premises has product nodes."""
    if system.get("deployment") == "onprem" and _location(system) == "remote" and not system.get("product_nodes"):
        yield Problem("", "no product_nodes", "product_nodes, as storage is remote and on premises")


CROSS: tuple[Cross, ...] = (
    onprem_names_its_racks,
    cloud_has_no_racks,
    rack_units_add_up,
    power_supplies_suffice,
    remapping_takes_time_unless_simultaneous,
    client_words_go_together,
    remote_storage_has_a_network,
    local_storage_has_no_switches,
    ports_that_are_up_carry_something,
    remote_storage_on_premises_is_itemised,
)


def _below(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    below = found.get(key)
    return below if isinstance(below, Mapping) else {}


def _entries(found: Mapping[str, Any], key: str) -> Iterator[Entry]:
    listed = found.get(key)
    for i, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, Mapping):
            yield f"{key}.{i}", entry


def _chassis(system: Mapping[str, Any], *keys: str) -> Iterator[Entry]:
    for key in keys:
        yield from ((f"{name}.chassis", _below(entry, "chassis")) for name, entry in _entries(system, key))


def _total(system: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Find the total where either version of the schema has it."""
    for place, holder in (("", system), ("solution.", _below(system, "solution"))):
        if holder.get("total_rack_units") is not None:
            return f"{place}total_rack_units", holder["total_rack_units"]
    return None


def _count(entry: Mapping[str, Any], *keys: str) -> int:
    return next((int(entry[key]) for key in keys if _is_count(entry.get(key))), 0)


def _is_count(found: Any) -> bool:
    """Say whether it is a whole number of things, as 2.0 is; what is not is named by its shape."""
    return isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < MOST and found == int(found)


def _location(system: Mapping[str, Any]) -> Any:
    return _below(_below(system, "solution"), "architecture").get("storage_location")
