"""The command itself: verbs, options, exit statuses, streams."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dsl
from dsl.cli import VERBS, check, main

ROOT = Path(__file__).parents[2]


def test_without_arguments_it_says_how_it_is_used(vgs):
    done = vgs()
    assert (done.status, done.out) == (2, "")
    assert all(verb in done.err for verb in VERBS)
    assert vgs("--help").out == done.err
    assert vgs("-h").status == 0


def test_version_is_that_of_the_package(vgs):
    done = vgs("--version")
    assert (done.status, done.out) == (0, f"vgs {dsl.__version__}\n")
    assert f'version = "{dsl.__version__}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_help_page(vgs, verb):
    for argv in ([verb, "--help"], [verb, "x.vgs", "-h"]):
        done = vgs(*argv)
        assert done.status == 0
        assert done.out.startswith(f"usage: vgs {verb}")


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["chek"], "did you mean `check`?"),
        (["Build"], "did you mean `build`?"),
        (["qqq"], "`vgs --help` lists them"),
        (["--versoin"], "did you mean `--version`?"),
        (["check", "--formt", "json"], "did you mean `--format`?"),
        (["build", "--ouput=x"], "did you mean `--output`?"),
        (["fmt", "--chek", "x"], "did you mean `--check`?"),
        (["check", "--zzz"], "`vgs check --help` says more"),
        (["check", "--format", "xml"], "invalid choice: 'xml'"),
        (["check", "--format"], "expected one argument"),
        (["diff", "a", "b", "c"], "two paths are compared"),
        (["diff", "a", "b"], "--patch FILE"),
        (["explain", "VGS02O"], "did you mean `VGS0"),
        (["explain", "rubbish"], "lists them all"),
        (["check", "-", "x"], "takes the place of all paths"),
        (["build", "-", "-o", "x"], "standard input"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what_to_do(project, vgs, argv, hint):
    done = vgs(*argv)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("vgs: ")
    assert hint in done.err


@pytest.mark.parametrize("verb", ["check", "build", "diff", "patch", "fmt"])
def test_without_project_and_path_it_says_what_to_do(empty, vgs, verb):
    done = vgs(verb)
    assert (done.status, done.out) == (2, "")
    assert "there is no vgs.toml here or in a folder above" in done.err
    assert "name files or folders" in done.err


@pytest.mark.parametrize("verb", ["check", "fmt"])
@pytest.mark.parametrize("path", ["nosuch.vgs", "src/nosuch", "a\0b", "x" * 300, ""])
def test_a_path_that_is_not_there(project, vgs, verb, path):
    if path == "":
        path = "./src/nosuch.vgs"
    done = vgs(verb, path)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("vgs: ")


def test_options_and_paths_may_be_mixed(project, vgs):
    done = vgs("check", "src/timer.vgs", "--format", "json", "src/old.vgs")
    assert done.status == 0
    assert done.json == {"findings": []}


def test_two_dashes_end_the_options(project, vgs):
    (project / "-h").mkdir()
    done = vgs("check", "--", "-h")
    assert done.status == 2
    assert "no .vgs file below -h" in done.err


def test_an_interrupt_is_quiet(project, vgs, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "inputs", interrupted)
    done = vgs("check")
    assert (done.status, done.out, done.err) == (130, "", "")


def test_a_fault_of_ours_is_no_traceback(project, capsys, monkeypatch):
    def broken(*args):
        raise KeyError("some\nthing")

    monkeypatch.setattr(check, "inputs", broken)
    assert main(["check"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("vgs: this is a fault of vgs: KeyError:")
    assert err.count("\n") == 2
    monkeypatch.setenv("VGS_DEBUG", "1")
    with pytest.raises(KeyError):
        main(["check"])


@pytest.mark.parametrize("error", [RecursionError(), MemoryError()])
def test_inputs_that_are_too_large_are_said_to_be(project, vgs, monkeypatch, error):
    def broken(*args):
        raise error

    monkeypatch.setattr(check, "inputs", broken)
    done = vgs("check")
    assert done.status == 2
    assert "too large to follow" in done.err


# ---- processes


def test_real_exit_statuses(project, process):
    assert process("check").status == 0
    assert process("nonsense").status == 2
    done = process("check", "-", input=b"what")
    assert done.status == 1
    assert done.out.startswith("<stdin>:1:1: error[VGS011]")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("argv", [["explain"], ["explain", "20", "--format", "json"], ["check"]])
def test_a_closed_pipe_is_quiet(project, argv, unbuffered):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "dsl", *argv],
        stdout=write,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        check=False,
        timeout=60,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_ctrl_c_in_a_process(project):
    code = "import sys; from dsl.cli import main; print('up', flush=True); sys.exit(main())"
    child = subprocess.Popen(
        [sys.executable, "-c", code, "check", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout.readline() == b"up\n"
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, b"", b"")


def test_colour_only_where_asked_for_or_on_a_terminal(project, process):
    bad = b"what"
    assert "\x1b[" not in process("check", "-", input=bad).out
    assert "\x1b[" in process("check", "-", input=bad, FORCE_COLOR="1").out
    assert "\x1b[" not in process("check", "-", input=bad, FORCE_COLOR="0").out
    assert "\x1b[" not in process("check", "-", input=bad, FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b[" in process("check", "-", input=bad, FORCE_COLOR="1", NO_COLOR="").out


def on_a_terminal(argv, **env):
    """The output of a run whose output and errors go to a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "dsl", *argv],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **env},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    child.wait(timeout=30)
    os.close(ours)
    return seen.decode()


def test_a_terminal_gets_colour_and_progress(project):
    (project / "src/bad.vgs").write_text("what")
    assert "\x1b[1;31m" in on_a_terminal(["check", "src/bad.vgs"])
    assert "\x1b[" not in on_a_terminal(["check", "src/bad.vgs"], NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(["check", "src/bad.vgs"], TERM="dumb")
    seen = on_a_terminal(["build"])
    assert "building old ..." in seen
    # The line of progress is gone at the end.
    assert "..." not in seen.split("\r\x1b[K")[-1]


def test_no_progress_elsewhere(project, process):
    assert process("build").err == ""


def test_a_terminal_that_knows_only_ascii(project, process):
    text = 'import timer\nsave a(vcpu) { call b }\nsave é(vcpu) { x <- "→" }\n'.encode()
    done = process("check", "-", input=text, PYTHONIOENCODING="ascii")
    assert done.status == 1
    assert "\\u" in done.out or "\\x" in done.out
    assert done.err == ""


def test_a_standard_output_that_is_full(project):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with full.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "dsl", "explain"],
            stdout=stream,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            timeout=60,
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"no space left" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
@pytest.mark.parametrize("words", ["check -", "fmt -", "check", "nonsense", "diff --patch -"])
def test_streams_that_are_closed(project, closed, words):
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m dsl {words} {closed}', sys.executable],
        input=b"import timer\n",
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, 1, 2)
    assert b"Traceback" not in done.stderr
    assert b"fault" not in done.stderr
    assert b"Exception" not in done.stderr


# ---- start-up

HEAVY = {"rich", "black", "jinja2", "unidiff", "z3", "click"}
MODULES = """
import sys
from dsl.cli import main
status = main(sys.argv[1:])
print(*{m.partition(".")[0] for m in sys.modules}, *sys.modules, file=sys.stderr)
sys.exit(status)
"""


def test_check_loads_only_what_it_needs(project, process):
    assert process("check").status == 0  # trees are cached now
    done = process("check", code=MODULES)
    assert done.status == 0
    loaded = set(done.err.split())
    assert not loaded & {*HEAVY, "lark", "importlib.metadata", "dsl.syntax.parser"}
    assert not loaded & {"dsl.diagnostics.render", "dsl.backends.python", "dsl.compare"}
    (project / "src/timer.vgs").write_text(
        (project / "src/timer.vgs").read_text() + "// only here\n"
    )
    done = process("check", code=MODULES)
    loaded = set(done.err.split())
    assert "dsl.syntax.parser" in loaded
    # The grammar has not changed, so its tables are at hand.
    assert not loaded & {*HEAVY, "lark"}


def test_explain_loads_no_more_than_the_pages(empty, process):
    loaded = set(process("explain", "20", code=MODULES).err.split())
    assert not loaded & {*HEAVY, "lark", "dsl.resolve", "dsl.syntax", "dsl.project"}


def test_the_module_runs_as_the_command(empty, process):
    assert process("--version").out == f"vgs {dsl.__version__}\n"
