"""The Python API."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import dsl
from dsl.project.file import read

ROOT = Path(__file__).parents[2]


def test_everything_promised_is_there():
    for name in dsl.__all__:
        assert getattr(dsl, name) is not None
        assert name in dir(dsl)
    for name in (
        "build",
        "check",
        "diff",
        "format",
        "load",
        "run_scenario",
        "scenarios",
        "simulate",
        "simulate_batch",
        "verify",
    ):
        assert getattr(dsl, name).__doc__
    with pytest.raises(AttributeError, match="nonsense"):
        _ = dsl.nonsense


def test_importing_it_loads_nothing():
    code = "import sys, dsl; print(*[m for m in sys.modules if m.startswith('dsl')])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["dsl"]


def test_load(project):
    loaded = dsl.load("src/new.vgs")
    assert loaded.ok
    assert loaded.findings == ()
    assert list(loaded.program.sequences) == ["timer_save"]
    assert list(loaded.program.registers) == ["CNT_CTL"]
    assert list(loaded.dialects) == ["board"]
    assert loaded.path == Path("src/new.vgs")
    (project / "other").mkdir()
    (project / "src/new.vgs").rename(project / "other/new.vgs")
    assert not dsl.load("other/new.vgs").ok
    assert dsl.load("other/new.vgs", roots=["src"]).ok


def test_load_of_what_cannot_be(project):
    with pytest.raises(dsl.CannotRun, match="there is no file"):
        dsl.load("src/nosuch.vgs")
    (project / "src/bad.vgs").write_bytes(b"\xff")
    with pytest.raises(dsl.HasErrors, match="VGS003") as caught:
        dsl.load("src/bad.vgs")
    assert [f.code for f in caught.value.findings] == ["VGS003"]


def test_check(project, monkeypatch):
    assert dsl.check() == []
    assert dsl.check(["src", Path("src/old.vgs")]) == []
    (project / "src/new.vgs").write_text("import timer\nsave f(vcpu) { save clt }\nsave\n")
    found = dsl.check(["src/new.vgs"])
    assert all(isinstance(f, dsl.Diagnostic) for f in found)
    assert found == sorted(found, key=lambda f: f.span.start)
    assert dsl.check() != []
    with pytest.raises(dsl.CannotRun):
        dsl.check(["nosuch"])
    (project / "vgs.toml").write_text("[x]")
    assert [f.code for f in dsl.check()] == ["VGS080"]
    (project / "vgs.toml").unlink()
    with pytest.raises(dsl.CannotRun, match=r"no vgs\.toml"):
        dsl.check()


def test_format():
    text = dsl.format("import   timer\n")
    assert text == "import timer\n"
    assert dsl.format(text) == text
    with pytest.raises(dsl.HasErrors):
        dsl.format("save save")


def test_build_and_diff(patched):
    result = dsl.build()
    assert isinstance(result, dsl.BuildResult)
    assert (result.ok, result.stale) == (True, ())
    (one,) = dsl.diff()
    assert isinstance(one, dsl.Compared)
    assert one.report.ok
    (one,) = dsl.diff("src/new.vgs", "src/old.vgs", "timer.patch")
    assert not one.report.ok
    with pytest.raises(dsl.CannotRun, match="two modules"):
        dsl.diff("src/new.vgs")
    (one,) = dsl.diff("src/new.vgs", tree="out/new/c")
    assert (one.ok, one.report, len(one.whole.declarations)) == (True, None, 1)
    (one,) = dsl.diff(tree="out/old/c")
    assert (one.ok, one.whole.files[0].state) == (True, "before")
    (one,) = dsl.diff("src/old.vgs", "src/new.vgs", "timer.patch", tree="out/new/c")
    assert (one.ok, one.whole.files[0].state) == (True, "after")
    with pytest.raises(dsl.CannotRun, match="is not there"):
        dsl.diff("src/new.vgs", tree="nosuch")
    result = dsl.build(output="elsewhere", keep=True)
    assert len(result.stale) == 5
    assert not (patched / "elsewhere").exists()
    result = dsl.build(["src/timer.vgs"], "elsewhere")
    assert {c.path for c in result.changes} == {"manifest.json", "timer/simulator.py"}
    assert dsl.build(read(Path("vgs.toml"))[0]).stale == ()
    with pytest.raises(dsl.CannotRun):
        dsl.build(["src/timer.vgs"])
    (patched / "src/old.vgs").write_text("what")
    result = dsl.build()
    assert not result.ok
    assert result.findings
    (patched / "vgs.toml").write_text("[x]")
    assert not dsl.build().ok
    with pytest.raises(dsl.HasErrors):
        dsl.diff()


def test_simulate(project):
    simulator = dsl.simulate("src/new.vgs")
    assert isinstance(simulator, ModuleType)
    assert callable(simulator.timer_save)
    assert callable(dsl.simulate(dsl.load("src/old.vgs")).timer_save)
    with pytest.raises(dsl.CannotRun):
        dsl.simulate("src/new.vgs", facts={"nowhere": 1})
    (project / "src/new.vgs").write_text("what")
    with pytest.raises(dsl.HasErrors):
        dsl.simulate("src/new.vgs")


def test_simulate_batch(project, monkeypatch):
    simulator = dsl.simulate_batch("src/new.vgs")
    assert isinstance(simulator, ModuleType)
    assert callable(simulator.timer_save)
    with pytest.raises(dsl.CannotRun, match="there is no slot `nothing`"):
        dsl.simulate_batch(dsl.load("src/old.vgs"), slots={"nothing": 1})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(dsl.CannotRun, match="needs NumPy") as refused:
        dsl.simulate_batch("src/new.vgs")
    assert refused.value.help == "pip install 'vgs[batch]'"
    (project / "src/new.vgs").write_text("what")
    monkeypatch.undo()
    with pytest.raises(dsl.HasErrors):
        dsl.simulate_batch(project / "src/new.vgs")


def test_verify(empty, monkeypatch):
    import dsl.verify
    from dsl.verify.findings import Engine
    from tests.run import alarm
    from tests.verify.made import Driver

    alarm.write(empty)
    driver = Driver()
    monkeypatch.setattr(dsl.verify, "verify", driver, raising=False)
    verdict = dsl.verify("src/old.vgs", given={"vhe": 0}, engines=["flow"], seconds=5)
    assert isinstance(verdict, dsl.Verdict)
    assert [each.code for each in verdict.findings] == ["VGS100", "VGS111"]
    (asked,) = driver.asked
    assert (asked["program"].name, asked["given"]) == ("old", {"vhe": 0})
    assert asked["engines"] == [Engine.FLOW]
    assert 0 < asked["budget"].left <= 5
    dsl.verify(dsl.load("src/new.vgs"), "src/old.vgs")
    assert driver.asked[1]["against"].name == "old"
    with pytest.raises(dsl.CannotRun, match="a part of 2 programs"):
        dsl.verify("src/alarm.vgs")
    with pytest.raises(dsl.CannotRun, match="there is no file"):
        dsl.verify("src/nosuch.vgs")
    with pytest.raises(dsl.CannotRun, match="no condition `vhf`"):
        dsl.verify("src/old.vgs", given={"vhf": 0})
    (empty / "src/old.vgs").write_text("import alarm\n\nsave x(vcpu) { save y }\n")
    with pytest.raises(dsl.HasErrors):
        dsl.verify("src/old.vgs")
