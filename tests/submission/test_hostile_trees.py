"""Trees made to hang, crash, mislead or fill the memory of whoever judges them: each is a sentence, and the rest speaks."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest

from tests.submission.judging_alone import judged
from tests.submission.trees import RESULT, third_edition, write
from tests.suites.session import ROOT

MIB = 1024**2
RUN = f"{RESULT}/run/20260801_100000"
OTHER_RUN = f"{RESULT}/run/20260801_110000"
IMAGE = "code-images/code-00000000"
SUMMARY, METADATA = f"{RUN}/summary.json", f"{RUN}/training_20260801_100000_metadata.json"
STAMP, MANIFEST = f"{RUN}/provenance.json", "closed/acme/submission.yaml"
SYSTEM, HASHES = "closed/acme/systems/sys.yaml", f"{IMAGE}/.code-hash.json"
DOCUMENTS = (SUMMARY, METADATA, STAMP, MANIFEST, SYSTEM, HASHES)


@pytest.fixture
def tree(tmp_path):
    """Two runs with their system, a pool with an image, a stamp and a manifest."""
    pool = {"code-images/.mlps-image-pool": "", f"{IMAGE}/main.py": "pass", HASHES: {}}
    return write(tmp_path / "tree", third_edition(runs=2) | pool | {STAMP: {}, MANIFEST: {"runs": []}})


def replaced(tree, name, make):
    """Put something else in the place of a document."""
    path = tree / name
    path.unlink()
    make(path)
    return tree


def bind(path):
    """Leave a socket; its path may be longer than addresses are."""
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


def device(path):
    """Leave the device of endless zeros."""
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")


def sparse(path, size=1024 * MIB):
    with path.open("wb") as file:
        file.truncate(size)


NO_FILE = "neither a file nor a folder"
LEADS_OUT = "a link that leads out of the tree, or nowhere"
NOT_FILES = {
    "pipe": (os.mkfifo, NO_FILE),
    "socket": (bind, NO_FILE),
    "device": (device, NO_FILE),
    "link to itself": (lambda path: path.symlink_to(path.name), LEADS_OUT),
    "link out": (lambda path: path.symlink_to("/etc/passwd"), LEADS_OUT),
    "link up": (lambda path: path.symlink_to("../" * 60 + "etc/passwd"), LEADS_OUT),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), LEADS_OUT),
    "link to a folder": (lambda path: path.symlink_to("."), "a link to a folder"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("kind", NOT_FILES)
def test_what_is_no_file_is_left_out_and_named(tree, kind, name):
    make, words = NOT_FILES[kind]
    said = judged(replaced(tree, name, make))
    assert [line for line in said if line.startswith("layout: x: ") and words in line and f"({name})" in line], said
    assert "root:" not in "".join(said), "/etc/passwd was read"


def bytes_of(data):
    return lambda path: path.write_bytes(data)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
UNREADABLE = {
    "sparse": (sparse, "is larger than 64.00 MiB"),
    "deep": (bytes_of(b'{"a":' * 100_000), "nested"),
    "deep and whole": (bytes_of(b'{"a":' * 500 + b"1" + b"}" * 500), "nested deeper than 100 levels"),
    "huge number": (bytes_of(b'{"a": ' + b"9" * 100_000 + b"}"), ""),
    "UTF-16": (bytes_of('{"a": 1}'.encode("utf-16")), "it begins as UTF-16 does"),
    "Latin-1": (bytes_of('{"a":\n"ü"}'.encode("latin-1")), "byte 0xfc on line 2"),
    "NUL": (bytes_of(b'{"a":\n"\0"}'), ""),
    "a name twice": (bytes_of(b'{"a": 1, "a": 2}'), "has the name 'a' twice"),
    "a list": (bytes_of(b"[1]"), ""),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_one_sentence_of_its_document(tree, kind, name):
    make, words = UNREADABLE[kind]
    said = judged(replaced(tree, name, make))
    told = [line for line in said if words in line and name.rpartition("/")[2] in line.partition(": ")[2]]
    assert told, said
    assert all(len(line) < 600 and "\n" not in line for line in said)


@pytest.mark.parametrize("name", [MANIFEST, SYSTEM])
def test_a_page_of_aliases_is_not_written_out(tree, name):
    said = judged(replaced(tree, name, bytes_of(BOMB.encode())))
    assert [line for line in said if "stands for more than 200,000 values" in line], said


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(
    "text", ['{"metric": NaN, "num_hosts": Infinity, "schema": -Infinity}', '{"num_hosts": 1e999}']
)
def test_numbers_that_are_none_are_judged(tree, name, text):
    judged(replaced(tree, name, bytes_of(text.encode())))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_may_end_anywhere(tree, name):
    path = tree / name
    whole = path.read_bytes()
    for end in sorted({0, 1, 2, len(whole) // 2, len(whole) - 1}):
        path.write_bytes(whole[:end])
        judged(tree)


@pytest.mark.parametrize("text", ["\\ud800", "\\u001b]0;owned\\u0007", "<script>alert(1)</script>", "\\u202e"])
def test_values_cannot_command_whoever_reads_them(tree, text):
    names = ("benchmark_type", "model", "accelerator", "schema", "rules_edition", "hash", "algorithm")
    for name in DOCUMENTS:
        replaced(tree, name, bytes_of(json.dumps(dict.fromkeys(names, "@")).replace("@", text).encode()))
    for line in judged(tree):
        assert line.isprintable(), line


PATHS = ["../../../../etc", "/etc/passwd", "results/../../../x", "results/sys\0x", "a" * 5000, "//", "."]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_in_a_manifest_is_compared_and_never_followed(tree, path):
    manifest = {"schema": "mlps-submission-manifest/1", "rules_edition": "3.0", "runs": [{"leaf": path}]}
    said = judged(replaced(tree, MANIFEST, lambda made: made.write_text(json.dumps(manifest))))
    assert [line for line in said if "is listed and not there" in line and f"({MANIFEST})" in line], said


def judged_alone(tree, *before):
    command = [*before, sys.executable, "-m", "tests.submission.judging_alone", str(tree)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WIDE = b"[" + b"[]," * (8 * MIB) + b"1]"
"""Of 24 MiB; each empty list of it would take 64 bytes as JSON, and seven hundred as YAML."""


@pytest.mark.parametrize(
    ("name", "make"),
    [
        (SUMMARY, sparse),
        (SUMMARY, bytes_of(WIDE)),
        (MANIFEST, bytes_of(WIDE)),
        (MANIFEST, bytes_of(b"- a\n" * (6 * MIB))),
        (SYSTEM, bytes_of(BOMB.encode())),
        (HASHES, bytes_of(b"\n" * (60 * MIB))),
        (f"{IMAGE}/weights.bin", sparse),
    ],
    ids=["sparse", "wide JSON", "wide YAML", "long YAML", "aliases", "long JSON", "sparse in an image"],
)
def test_memory_stays_within_what_one_file_may_have(tree, name, make):
    (tree / name).touch()
    grown = judged_alone(replaced(tree, name, make))["grown_mib"]
    assert grown < 300, f"{grown:.0f} MiB"


def test_what_may_not_be_read_is_named_and_the_rest_judged(tree):
    if os.geteuid():
        before = []
    elif shutil.which("setpriv"):
        before = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]  # root, bound by permissions
    else:
        pytest.skip("root reads everything, and setpriv is not installed")
    closed = [tree / SUMMARY, tree / STAMP, tree / RESULT / "datagen"]
    for path in closed:
        path.chmod(0)
    try:
        said = judged_alone(tree, *before)["said"]
    finally:
        for path in closed:
            path.chmod(0o700)
    told = "\n".join(said)
    assert "summary.json cannot be opened: Permission denied" in told
    assert f"a folder that cannot be listed: Permission denied ({RESULT}/datagen)" in told
    assert [line for line in said if STAMP in line and "cannot be opened: Permission denied" in line], told
    assert not [line for line in said if line.startswith(OTHER_RUN) and "summary" in line]


def test_folders_that_differ_in_case_alone_are_kept_apart(tree):
    for name in ("Closed", "CLOSED"):
        shutil.copytree(tree / "closed", tree / name)
    names = {line.partition("/")[0] for line in judged(tree) if "/run/" in line.partition(":")[0]}
    assert names == {"closed", "Closed", "CLOSED"}
