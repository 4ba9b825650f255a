"""The installed wheel does on somebody's own project what the checkout does, byte by byte."""

import difflib
import os
import subprocess
import sys

import pytest

from tests.packaging.conftest import ROOT

PROJECT = {
    "vgs.toml": """\
[project]
name = "guest"
sources = ["src"]

[build]
output = "out"

[case.old]
module = "src/old.vgs"

[case.new]
module = "src/new.vgs"

[[diff]]
before = "old"
after = "new"
patch = "guest.patch"
""",
    "src/guest.vgs": """\
import platforms.armv8

/// How a guest runs.
context guest of vcpu {
    hcr : u64 mirrors HCR_EL2
}

/// Somebody runs it.
condition running per trip
""",
    "src/board.vgs": """\
import guest

dialect board for c {
    type vcpu       is "struct vcpu *"
    define sequence is "$type $name($params)"
    read  register  is "read_sysreg($register)"
    write register  is "write_sysreg($value, $register)"
    local guest : "struct guest *" is "&$vcpu->guest"
    running         is "guest_runs()"

    file "arch/guest.c" holds guest_* {}
}
""",
    "src/old.vgs": """\
import guest
import board

save guest_save(vcpu) {
    save hcr
    when running { HCR_EL2 <- 0 }
}
""",
    "src/new.vgs": """\
import guest
import board

/// There is nothing to save of a guest that does not run.
save guest_save(vcpu) {
    when running {
            save hcr
      HCR_EL2<-0
    }
}
""",
    "guest.patch": "",
    "drafts/wrong.vgs": """\
import guest

save guest_save(vcpu) { save hrc }
""",
}

SCENARIOS = {
    "life.vgs": """\
import guest

save guest_save(vcpu)

lifecycle trip {
    exit { guest_save(vcpu) }
}

scenario "who does not run is not saved" {
    given not running
    run exit
    expect accesses == 0
}
""",
    "old.vgs": PROJECT["src/old.vgs"]
    + """
import life

scenario "who does not run is not saved" fails "it always saves"
""",
    "new.vgs": PROJECT["src/new.vgs"] + "\nimport life\n",
}

SIMULATE = """\
import dsl

sim = dsl.simulate("src/new.vgs")
m = sim.Machine(sim.MachineFacts())
m.poke(sim.HCR_EL2, 0x80000001)
vcpu = sim.Vcpu()
vcpu.facts.running = True
sim.guest_save(m, vcpu)
for event in m.trace:
    print(event)
print(hex(vcpu.hcr), sorted(dsl.check()), dsl.__version__)
"""


class Place:
    """A copy of the project, and a way to run vgs there: in nothing but a bare environment."""

    def __init__(self, folder, python, vgs, **env):
        self.project, self.python, self.vgs = folder / "project", python, vgs
        self.env = {"PATH": os.defpath, "HOME": str(folder), **env}
        for name, text in PROJECT.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(self, *arguments, program=None):
        """Runs the command, or Python itself, and gives its status and what it wrote."""
        done = subprocess.run(
            [*(program or self.vgs), *arguments],
            cwd=self.project,
            env=self.env,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def simulate(self):
        return self.run("-c", SIMULATE, program=[self.python])

    def files(self):
        return contents(self.project)


def contents(folder):
    """The bytes of every file below a folder, by its path from there."""
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def sources(package):
    """The same without what Python itself keeps there."""
    return {name: data for name, data in contents(package).items() if "__pycache__" not in name}


@pytest.fixture
def there(installed, tmp_path):
    """The project, where only the wheel is within reach."""
    return Place(tmp_path / "there", installed.python, [installed.programs / "vgs"])


@pytest.fixture
def here(tmp_path):
    """The project, with the checkout."""
    python = sys.executable
    return Place(tmp_path / "here", python, [python, "-m", "dsl"], PYTHONPATH=str(ROOT))


def test_it_is_the_wheel_that_runs(there, installed):
    show = "import dsl; from dsl.resources import folder as f; print(dsl.__file__)"
    status, out, err = there.run(
        "-c", f"{show}; print(f('grammar'), f('templates'), f('sequences'))", program=[there.python]
    )
    package = installed.site / "dsl"
    assert (status, err) == (0, "")
    assert out.split() == [
        str(package / x) for x in ("__init__.py", "grammar", "templates", "sequences")
    ]


def test_a_project_elsewhere_gets_what_the_checkout_makes_of_it(here, there):
    def both(status, *arguments):
        ran = there.run(*arguments)
        assert ran == here.run(*arguments)
        assert ran[0] == status, ran
        assert there.files() == here.files()
        return ran[1]

    both(0, "--version")
    both(0, "check")
    both(1, "fmt", "--check")
    both(0, "fmt")
    both(0, "fmt", "--check")
    assert "did you mean `hcr`?" in both(1, "check", "drafts/wrong.vgs", "--format", "json")
    both(0, "explain")
    assert "VGS020: unknown name" in both(0, "explain", "VGS020")
    both(0, "build")
    for place in (here, there):
        old, new = (
            (place.project / "out" / case / "c/arch/guest.c").read_text().splitlines(keepends=True)
            for case in ("old", "new")
        )
        patch = "".join(difflib.unified_diff(old, new, "a/arch/guest.c", "b/arch/guest.c"))
        (place.project / "guest.patch").write_text(patch)
    assert "1 of 1 hunk" in both(0, "diff")
    ran = there.simulate()
    assert ran == here.simulate()
    assert ran[::2] == (0, "")


def test_pytest_finds_the_scenarios(there, with_pytest):
    def pytest(*arguments):
        return there.run("-m", "pytest", "-rA", *arguments, program=[there.python])

    assert "No module named pytest" in pytest()[2]
    there.env["PYTHONPATH"] = str(with_pytest)
    for name, text in SCENARIOS.items():
        (there.project / "src" / name).write_text(text)
    status, out, err = pytest()
    assert (status, err) == (0, "")
    assert {line for line in out.splitlines() if line.startswith(("PASSED", "XFAIL"))} == {
        "PASSED src/new.vgs::who does not run is not saved",
        "XFAIL src/old.vgs::who does not run is not saved - it always saves",
    }
    (there.project / "src/new.vgs").write_text(PROJECT["src/old.vgs"] + "\nimport life\n")
    status, out, err = pytest()
    assert (status, err) == (1, "")
    assert "src/life.vgs:12:5: error[VGS090]: expected: accesses == 0; accesses is" in out
    assert "Traceback" not in out
    # 5: no tests were collected.
    assert pytest("-p", "no:vgs")[0] == 5


def test_it_writes_nothing_but_what_it_was_asked_to(there, installed):
    """No home, no cache, and a package that may not be written."""
    there.env |= {"HOME": "/dev/null", "VGS_CACHE": "off", "PYTHONDONTWRITEBYTECODE": "1"}
    package = installed.site / "dsl"
    before = sources(package)
    folders = [package, *(p for p in package.rglob("*") if p.is_dir())]
    modes = [p.stat().st_mode for p in folders]
    try:
        for folder in folders:
            folder.chmod(0o555)
        assert [there.run(verb)[0] for verb in ("check", "fmt", "build")] == [0, 0, 0]
        status, out, err = there.simulate()
    finally:
        for folder, mode in zip(folders, modes, strict=True):
            folder.chmod(mode)
    assert (status, err) == (0, "")
    assert "0x80000001" in out
    # Root may write where it may not, so that is looked at.
    assert sources(package) == before
    assert {p.split("/")[0] for p in there.files()} == {p.split("/")[0] for p in PROJECT} | {"out"}


def test_from_inside_an_archive_it_says_that_it_cannot(there, archives, installed):
    there.env["PYTHONPATH"] = str(archives.wheel)
    status, out, err = there.run("-m", "dsl", "check", program=[there.python])
    assert (status, out) == (2, "")
    assert "install it again, as files" in err
    assert "Traceback" not in err
