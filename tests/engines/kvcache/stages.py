"""Stages for tests: small, and complete."""

from dataclasses import replace

from storagebench.model import Load, Stage, Storing, Tiers, Traffic
from storagebench.units import GIB, KIB, MIB

SMALL_OBJECT_TOKENS = 16
"""384 KiB of tiny-1b."""


def traffic(**changes) -> Traffic:
    base = Traffic(
        profile="chat",
        model="tiny-1b",
        mode="mixed",
        chunk_tokens=SMALL_OBJECT_TOKENS,
        tensor_parallel=1,
        partial_chunks="full",
        users=8,
        requests_per_s=20.0,
        burstiness=1.0,
        prompts=4,
        skew=1.0,
        prompt_tokens=(32, 128),
        input_tokens=(24, 200),
        output_tokens=(8, 64),
        turns=4.0,
        think_s=0.2,
        documents_per_request=2,
        most_context_tokens=512,
        most_output_tokens=64,
        trace="",
    )
    return replace(base, **changes)


def stage(profile="chat", *, tiers=None, load=None, storing=None, **changes) -> Stage:
    """Make a stage; nested values are changes to the small ones."""
    return Stage(
        option=1,
        name=profile,
        traffic=traffic(profile=profile, **changes),
        tiers=replace(
            Tiers(
                hbm_bytes=0,
                dram_bytes=8 * MIB,
                storage_bytes=64 * MIB,
                placement="through",
                promote=True,
                eviction="lru",
            ),
            **(tiers or {}),
        ),
        load=replace(
            Load(
                kind="closed",
                in_flight=4,
                fan_out=4,
                rate=1.0,
                slo_s=1.0,
                probes=4,
                warmup_s=0.1,
                window_s=1.0,
                fill_bytes=16 * MIB,
                most_gib_per_s=0.2,
            ),
            **(load or {}),
        ),
        storing=replace(
            Storing(
                backend="local",
                address="",
                layout="objects",
                durability="none",
                direct=True,
                readers=4,
                writers=2,
                part_bytes=128 * KIB,
                keys="private",
            ),
            **(storing or {}),
        ),
    )


def edition_stage(**changes) -> Stage:
    """Make one of edition 3.0's kind."""
    tiers = {"dram_bytes": 0, "storage_bytes": GIB, "placement": "demote", "promote": False}
    return stage("v3", tiers=tiers, load={"fill_bytes": 0, "most_gib_per_s": 1.0}, **changes)
