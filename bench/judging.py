"""What it costs to judge a submission: 600 run folders (or --runs), and the listing of a tree of 20,000 files.

    python -m bench.judging
    python -m bench.judging --runs 10000

The trees are synthesised: results of six runs with datasize and datagen as edition 3.0 has them, metadata of 90 kB that
is nearly all counters, and the same number of runs as edition 1.0 had them. Each part is measured in a process of its
own, in CPU seconds after start-up; identical files are hard links. The bars hold for 600 runs.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 600
LISTED = 20_000
BAR_S, BAR_MIB, BAR_LISTING_S = 1.0, 200, 1.0
RUNS_OF_A_RESULT = 6
MEMORY_GIB = 256.0


def synthesise(root: Path, runs: int, edition: str) -> int:
    """Lay out a tree of so many runs; return the number of its files."""
    leaf = _leaf_3_0 if edition == "3.0" else _leaf_1_0
    templates = root / "templates"
    templates.mkdir(parents=True)
    count = 0
    for run in range(runs):
        result, place = divmod(run, RUNS_OF_A_RESULT if edition == "3.0" else 5)
        for folder, files in leaf(result, place):
            for name, text in files.items():
                template = templates / f"{hash((name, text)) & 0xFFFFFFFF:08x}"
                if not template.exists():
                    template.write_text(text)
                path = root / "tree" / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(template, path)
                count += 1
    return count


def _leaf_3_0(result: int, place: int) -> list[tuple[str, dict[str, str]]]:
    group = f"closed/org{result // 20}/results/sys{result}/training/unet3d"
    logs = {"training_run.stdout.log": "\n", "training_run.stderr.log": "\n", "dlio.log": "\n"}
    configs = {f"dlio_config/{name}.yaml": "workload: {}\n" for name in ("config", "hydra", "overrides")}
    files = {
        "summary.json": _summary(),
        "training_20260801_100000_metadata.json": _metadata("run"),
        "fs_separation.json": '{"same_filesystem": false}\n',
        ".mlps-code-image": "md5-tree-v2:" + 32 * "0" + "\n",
        "0_per_epoch_stats.json": "{}\n",
        **logs,
        **configs,
    }
    leaves = [(f"{group}/run/20260801_1{place}0000", files)]
    if place == 0:
        phases = ("datasize", "datagen")
        leaves += [
            (f"{group}/{name}/20260801_080000", {"training_1_metadata.json": _metadata(name)}) for name in phases
        ]
        leaves.append((f"closed/org{result // 20}/systems", {f"sys{result}.yaml": "system_under_test: {}\n"}))
    return leaves


def _leaf_1_0(result: int, place: int) -> list[tuple[str, dict[str, str]]]:
    group = f"Closed/org{result // 20}/results/sys{result}/unet3d-h100"
    parameters = _parameters(result)
    config = ["workload:", "  model: unet3d", "  workflow:", "    train: true", "  dataset:"]
    config += [f"    {name}: {value}" for name, value in parameters["dataset"].items()]
    config += ["  reader:", *(f"    {name}: {value}" for name, value in parameters["reader"].items())]
    overrides = [
        "- workload=unet3d_h100",
        "- ++workload.workflow.train=True",
        "- ++workload.dataset.num_files_train=28000",
    ]
    files = {
        "summary.json": _summary(),
        "per_epoch_stats.json": "{}\n",
        "dlio.log": "\n",
        "configs/config.yaml": "\n".join(config) + "\n",
        "configs/overrides.yaml": "\n".join(overrides) + "\n",
        "configs/hydra.yaml": "hydra: {}\n",
    }
    return [(f"{group}/run{place + 1}", files), (f"{group}/run{place + 1}", {"._summary.json": "\0"})]


def _summary() -> str:
    series = {"train_au_percentage": [93.1] * 5, "train_throughput_samples_per_second": [310.2] * 5}
    means = {
        "train_au_mean_percentage": 93.1,
        "train_au_meet_expectation": "success",
        "train_throughput_mean_samples_per_second": 310.2,
        "train_io_mean_MB_per_second": 43367.9,
    }
    host = {f"fact {i}": f"{i * 7919} kB" for i in range(150)}
    whole = {"num_accelerators": 8, "num_hosts": 1, "num_files_train": 28000, "num_samples_per_file": 1, "epochs": 5}
    times = {"start": "2026-08-01T10:00:00.000000", "end": "2026-08-01T10:20:00.000000"}
    memory = {"host_memory_GB": [MEMORY_GIB], "host_meminfo": {"MemTotal": "268435456 kB", **host}}
    return json.dumps({**times, **whole, "metric": {**series, **means}, **memory}, indent=4)


def _parameters(result: int = 0) -> dict[str, dict[str, object]]:
    dataset = {"data_folder": f"/mnt/fs{result}", "format": "npz", "num_files_train": 28000, "num_samples_per_file": 1}
    return {
        "dataset": {**dataset, "record_length_bytes": 146600628, "num_subfolders_train": 0},
        "reader": {"data_loader": "pytorch", "batch_size": 7, "read_threads": 4, "odirect": False},
        "train": {"epochs": 5, "computation_time": 0.162},
    }


def _metadata(command: str) -> str:
    disks = [{f"counter_{j}": i * 104729 + j for j in range(17)} for i in range(60)]
    network = [{f"counter_{j}": i * 15485863 + j for j in range(16)} for i in range(40)]
    host = {"hostname": "h1", "memory": {"total": 2**38}, "cpu": {"num_cores": 64}, "disks": disks, "network": network}
    args = {"mode": "closed", "hosts": ["h1"], "data_dir": "/mnt/fs", "results_dir": "/var/results"}
    return json.dumps(
        {
            "benchmark_type": "training",
            "model": "unet3d",
            "command": command,
            "accelerator": "b200",
            "parameters": _parameters(),
            "override_parameters": {"reader.read_threads": "4"},
            "system_info": {"hosts": [host]},
            "verification": "CLOSED",
            "args": args,
        },
        indent=2,
    )


def judge_all(tree: Path, what: str) -> dict[str, float]:
    """Judge the runs, the results, the chapters or all of them; runs in a process of its own and prints what it cost."""
    from storagebench.edition import load_edition
    from storagebench.judge import judge
    from storagebench.submission import CHAPTERS, Source

    load_edition("3.0"), load_edition("1.0")
    began = time.process_time()
    source = Source(tree)
    edition = load_edition(source.edition)
    listed = time.process_time()
    verdicts = []
    if what in ("runs", "everything"):
        verdicts += [judge(source.record(leaf), edition).verdict for leaf in source.runs]
    if what in ("results", "everything"):
        verdicts += [judge(source.group(name), edition).verdict for name in source.results]
    if what in ("chapters", "everything"):
        submission = source.submission()
        verdicts += [judge(submission, edition, chapter).verdict for chapter in CHAPTERS]
    closed = sum(verdict.name == "CLOSED" for verdict in verdicts)
    return {
        "listing": listed - began,
        "cpu": time.process_time() - began,
        "subjects": len(verdicts),
        "closed": closed,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measured(tree: Path, what: str) -> dict[str, float]:
    """Run `judge_all` in a fresh process."""
    command = [sys.executable, "-m", "bench.judging", "--tree", str(tree), "--what", what]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def listing(root: Path) -> float:
    """Return the CPU seconds of listing a tree of 20,000 files, finding its runs among them."""
    from storagebench.submission import Source

    for i in range(LISTED // 20):
        folder = root / f"closed/org/results/sys{i % 10}/training/unet3d/run/2026080{i % 9 + 1}_{i:06d}"
        folder.mkdir(parents=True)
        for rank in range(20):
            (folder / f"{rank}_output.json").touch()
    began = time.process_time()
    assert len(Source(root).runs) == LISTED // 20
    return time.process_time() - began


def main() -> None:
    """Print what was measured; exit 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--tree", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--what", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.tree:
        print(json.dumps(judge_all(asked.tree, asked.what)))
        return
    missed = False
    with tempfile.TemporaryDirectory() as name:
        for edition in ("3.0", "1.0"):
            files = synthesise(Path(name, edition), asked.runs, edition)
            for what in ("runs", "results", "chapters", "everything"):
                got = measured(Path(name, edition, "tree"), what)
                bar = f" (bar at {RUNS} runs: {BAR_S} s, {BAR_MIB} MiB)" if what == "everything" else ""
                print(
                    f"edition {edition}, {files:,} files: {got['subjects']:,.0f} {what} in {got['cpu']:.2f} s of CPU, "
                    f"{got['listing']:.2f} s of it listing; {got['mib']:.0f} MiB; {got['closed']:,.0f} CLOSED{bar}"
                )
                missed |= what == "everything" and asked.runs <= RUNS and (got["cpu"] >= BAR_S or got["mib"] >= BAR_MIB)
        took = listing(Path(name, "listed"))
        print(f"listing {LISTED:,} files and finding their runs: {took:.2f} s of CPU (bar: {BAR_LISTING_S} s)")
    sys.exit(missed or took >= BAR_LISTING_S)


if __name__ == "__main__":
    main()
