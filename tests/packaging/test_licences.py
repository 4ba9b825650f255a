"""Every file of the source tree has a licence that somebody chose, and the wheel has one."""

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import PurePosixPath

import pytest


@pytest.fixture(scope="session")
def licences(archives):
    """The licence of each file of the sdist, as the tool of the REUSE specification reads it."""
    done = subprocess.run(
        [sys.executable, "-m", "reuse", "--root", str(archives.tree), "lint", "--json"],
        capture_output=True,
        text=True,
        # Which library guesses encodings is not left to what the machine has.
        env={**os.environ, "REUSE_ENCODING_MODULE": "charset_normalizer"},
        check=False,
    )
    assert done.stderr == ""
    found = json.loads(done.stdout)
    problems = {kind: files for kind, files in found["non_compliant"].items() if files}
    assert problems == {}
    assert done.returncode == 0
    return {
        PurePosixPath(file["path"]): [x["value"] for x in file["spdx_expressions"]]
        for file in found["files"]
    }


def test_every_file_has_one_licence(licences):
    assert set(Counter(map(tuple, licences.values()))) == {("MIT",), ("GPL-2.0-only",)}


def test_the_kernel_s_code_and_what_follows_it_is_under_its_licence(licences):
    for path in licences:
        kernel = str(path).startswith(("reference/", "sequences/kvm/", "generated/", "examples/"))
        assert licences[path] == ["GPL-2.0-only" if kernel else "MIT"], path


def test_a_folder_under_the_gpl_says_so(licences, archives):
    for path, (licence,) in licences.items():
        if licence == "GPL-2.0-only":
            notices = [
                archives.tree / above / name
                for above in path.parents[:-1]
                for name in ("LICENSE", "README.md")
            ]
            assert any("GPL-2.0-only" in x.read_text() for x in notices if x.is_file()), path


def test_no_file_of_the_wheel_is_under_the_gpl(licences, archives):
    gpl = {
        (archives.tree / path).read_bytes()
        for path, licence in licences.items()
        if licence != ["MIT"]
    }
    assert gpl
    with zipfile.ZipFile(archives.wheel) as archive:
        assert [name for name in archive.namelist() if archive.read(name) in gpl] == []
