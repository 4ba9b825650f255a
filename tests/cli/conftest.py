"""A small project with a timer, and ways to run the command on it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from dsl import resources
from dsl.cli import main

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schema"

TIMER = """\
/// A timer, as far as a world switch touches it.
platform timer "A timer that never was, revision 3"

register CNT_CTL : 64 at (3, 3, 14, 3, 1) reset 0 {
    ENABLE [0]
    IMASK  [1]
    res0 [63:2]
}

context timer_cpu of vcpu {
    ctl : u64 mirrors CNT_CTL
}

/// Somebody waits for the timer.
condition armed per vm
"""

BOARD = """\
import timer

dialect board for c {
    type vcpu                           is "struct vcpu *"
    define sequence                     is "$type $name($params)"
    read register                       is "read_reg($register)"
    write register                      is "write_reg($value, $register)"
    local timer_cpu : "struct timer *" is "&$vcpu->timer"
    armed                               is "timer_armed()"

    file "arch/timer.c" holds timer_* {}
}
"""

OLD = """\
import timer
import board

save timer_save(vcpu) {
    save ctl
    when armed { CNT_CTL <- 0 }
}
"""

NEW = """\
import timer
import board

save timer_save(vcpu) {
    when armed {
        save ctl
        CNT_CTL <- 0
    }
}
"""

PROJECT = """\
[project]
name = "timer"
sources = ["src"]

[build]
output = "out"

[case.old]
module = "src/old.vgs"

[case.new]
module = "src/new.vgs"
dialect = "board"

[[diff]]
before = "old"
after = "new"
patch = "timer.patch"
"""


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Caches of this run, in a folder that goes away."""
    before = os.environ.get("VGS_CACHE")
    os.environ["VGS_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    resources.cache_folder.cache_clear()
    yield
    if before is None:
        del os.environ["VGS_CACHE"]
    else:
        os.environ["VGS_CACHE"] = before
    resources.cache_folder.cache_clear()


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "VGS_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The folder of the project, which is the current one."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    for name, text in {"timer": TIMER, "board": BOARD, "old": OLD, "new": NEW}.items():
        (folder / "src" / f"{name}.vgs").write_text(text)
    (folder / "vgs.toml").write_text(PROJECT)
    (folder / "timer.patch").write_text("")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty folder that no project is above of, which is the current one."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


class Outcome:
    """What a run gave: its status, and both streams."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def json(self):
        assert self.err == ""
        return json.loads(self.out)


@pytest.fixture
def vgs(capsys):
    """Runs the command in this process."""

    def run(*argv):
        capsys.readouterr()
        status = main([str(a) for a in argv])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert "fault of vgs" not in captured.err
        return Outcome(status, captured.out, captured.err)

    return run


@pytest.fixture
def process():
    """Runs the command in a process of its own."""

    def run(*argv, input=b"", code=None, **env):
        command = ["-c", code] if code else ["-m", "dsl"]
        done = subprocess.run(
            [sys.executable, *command, *map(str, argv)],
            input=input,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            check=False,
            timeout=60,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def holds():
    """Judges a value by one of the schemas that the documentation gives."""
    texts = [json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")]
    registry = Registry().with_resources([(t["$id"], Resource.from_contents(t)) for t in texts])

    def judge(name, value):
        schema = json.loads((SCHEMAS / f"{name}.json").read_text())
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema, registry=registry).validate(value)
        return value

    return judge


def snapshot(folder):
    """Every file below a folder: its bytes, and when it was written."""
    return {
        p.relative_to(folder).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in sorted(Path(folder).rglob("*"))
        if p.is_file()
    }


@pytest.fixture
def files():
    """Takes a snapshot of a folder."""
    return snapshot


@pytest.fixture
def patched(project, vgs):
    """The project, built, with a patch that says exactly what the two cases differ by."""
    import difflib

    assert vgs("build").status == 0
    old, new = (
        (project / "out" / case / "c/arch/timer.c").read_text().splitlines(keepends=True)
        for case in ("old", "new")
    )
    patch = "".join(difflib.unified_diff(old, new, "a/arch/timer.c", "b/arch/timer.c"))
    (project / "timer.patch").write_text(patch)
    return project
