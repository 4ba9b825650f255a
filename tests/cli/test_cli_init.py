"""`vgs init`: what a newcomer gets works at once, and nothing is lost for it."""

import tomllib

import pytest

import dsl

FILES = {
    "change.patch",
    "sequences/after.vgs",
    "sequences/before.vgs",
    "sequences/guest.vgs",
    "sequences/linux.vgs",
    "sequences/traps.vgs",
    "vgs.toml",
}


@pytest.fixture
def fresh(empty, vgs):
    """A new project in an empty folder, which is the current one."""
    assert vgs("init").status == 0
    return empty


def test_what_it_writes_and_says(empty, vgs, files, holds):
    done = vgs("init", "new folder/demo")
    assert (done.status, done.err) == (0, "")
    assert set(files(empty / "new folder/demo")) == FILES
    assert "new folder/demo/vgs.toml: written\n" in done.out
    assert "\nNext:\n  cd 'new folder/demo'\n  vgs check " in done.out
    assert tomllib.loads((empty / "new folder/demo/vgs.toml").read_text())["project"]["name"] == (
        "demo"
    )
    value = holds("init", vgs("init", "--format", "json", "--name", 'q"\\é').json)
    assert (value["name"], set(value["files"])) == ('q"\\é', FILES)
    assert tomllib.loads((empty / "vgs.toml").read_text())["project"]["name"] == 'q"\\é'
    assert "cd " not in vgs("init", "../empty/x/..", "--name", "x").out


def test_nothing_is_to_be_said_of_it(fresh, vgs):
    assert vgs("check", "--format", "json").json == {"findings": []}
    assert (vgs("fmt", "--check").status, vgs("fmt", "--check").out) == (0, "")
    done = vgs("build")
    assert (done.status, done.err) == (0, "")
    assert (fresh / "generated/after/c/arch/arm64/kvm/hyp/guest.c").is_file()
    assert vgs("build", "--check").status == 0


def test_its_patch_is_the_change_between_its_cases(fresh, vgs, holds):
    assert vgs("build").status == 0
    value = holds("diff", vgs("diff", "--format", "json").json)
    assert value["ok"] is True
    assert {side["text"] for hunk in value["hunks"] for side in (hunk["old"], hunk["new"])} == {
        True
    }
    # If this fails, put what `vgs patch` writes into templates/init.
    made = vgs("patch").out.rpartition("\n-- \n")[0]
    assert made == (fresh / "change.patch").read_text().rpartition("\n-- \n")[0]


@pytest.mark.parametrize("case", ["before", "after"])
@pytest.mark.parametrize("gicv2", [False, True])
def test_its_simulators_run(fresh, case, gicv2):
    sim = dsl.simulate(f"sequences/{case}.vgs")
    machine = sim.Machine()
    machine.poke(sim.ICH_VTR_EL2, 0x90000003)
    vcpu = sim.Vcpu(facts=sim.VcpuFacts(gicv2=gicv2), hcr_el2=0x80000001, vgic_vmcr=0xF0000002)
    sim.guest_activate_traps(machine, vcpu)
    sim.guest_restore_state(machine, vcpu)
    assert machine.peek(sim.HCR_EL2) == 0x80000001
    vcpu.vgic_vmcr = vcpu.hcr_el2 = 0
    sim.guest_save_state(machine, vcpu)
    sim.guest_deactivate_traps(machine, vcpu)
    assert vcpu.hcr_el2 == 0x80000001
    assert vcpu.vgic_vmcr >> 24 == 0xF0
    assert machine.peek(sim.HCR_EL2) == 1 << 31 | 1 << 27 | 1 << 34
    barriers = sum(event.kind == "barrier" for event in machine.trace)
    assert barriers == (3 if gicv2 or case == "before" else 0)


@pytest.mark.parametrize("path", ["vgs.toml", "sequences/linux.vgs", "sequences"])
def test_it_overwrites_nothing(empty, vgs, files, path):
    (empty / path).parent.mkdir(exist_ok=True)
    (empty / path).write_text("mine")
    (empty / "other").write_text("mine")
    before = files(empty)
    done = vgs("init")
    assert (done.status, done.out) == (2, "")
    assert path in done.err
    assert files(empty) == before
    (empty / path).unlink()
    assert vgs("init").status == 0
    assert (empty / "other").read_text() == "mine"


def test_a_link_that_leads_nowhere_is_in_the_way(empty, vgs):
    (empty / "vgs.toml").symlink_to("elsewhere")
    done = vgs("init")
    assert (done.status, done.out) == (2, "")
    assert "in the way: vgs.toml" in done.err


def test_where_it_cannot_go(empty, vgs):
    (empty / "file").write_text("")
    for argv, message in {
        ("file",): "file is no folder",
        ("file/x",): "cannot be written: not a directory",
        ("a", "b"): "one folder is made a project at a time",
        ("--name", ""): "'' cannot be the name of a project",
        ("--name", "a\nb"): "'a\\nb' cannot be the name of a project",
        ("--name", "\udcff"): "cannot be the name of a project",
    }.items():
        done = vgs("init", *argv)
        assert (done.status, done.out) == (2, "")
        assert message in done.err
    assert [path.name for path in empty.iterdir()] == ["file"]
