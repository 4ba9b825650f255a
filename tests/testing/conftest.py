"""A small project with scenarios, and pytest on it: as a person starts it, but in this process."""

from __future__ import annotations

import pytest

TIMER = """\
/// A timer, as far as a world switch touches it.
platform timer "A timer that never was, revision 3"

register CNT_CTL : 64 at (3, 3, 14, 3, 1) reset 0 {
    ENABLE [0]
    IMASK  [1]
    COUNT  [7:2]
    res0 [63:8]
}

context timer_cpu of vcpu {
    ctl : u64 mirrors CNT_CTL
}

/// Somebody waits for the timer.
condition armed per vm

condition legacy per vm

assume old "on the old machine nobody waits" { legacy implies not armed }

restore timer_load(vcpu)
save timer_put(vcpu)

lifecycle on_cpu {
    load { timer_load(vcpu) }
    guest { may change CNT_CTL }
    put { timer_put(vcpu) }
}
"""
LIFE = """\
import timer

scenario "put leaves nothing running" {
    given any armed, ctl.ENABLE
    run load, put
    expect not CNT_CTL.ENABLE
}

scenario "nobody who waits, no access" {
    given not armed
    run load, put
    expect accesses == 0 at put
}
"""
OLD = """\
import life

restore timer_load(vcpu) { restore ctl }

save timer_put(vcpu) {
    save ctl
    CNT_CTL <- 0
}

scenario "nobody who waits, no access" fails "it always saves"
"""
NEW = """\
import life

restore timer_load(vcpu) { when armed { restore ctl } }

save timer_put(vcpu) {
    when armed {
        save ctl
        CNT_CTL <- 0
    }
}
"""
TOML = """\
[project]
name = "timer"
sources = ["src"]
"""


class Tree:
    """A folder with the project, and a pytest that knows no other plugin."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.files(
            {
                "vgs.toml": TOML,
                "src/timer.vgs": TIMER,
                "src/life.vgs": LIFE,
                "src/old.vgs": OLD,
                "src/new.vgs": NEW,
                "corpus/broken.vgs": "sequence x(\n",
            }
        )

    def files(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            path = self.pytester.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        path = self.pytester.path / name
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    def pytest(self, *arguments: str) -> pytest.RunResult:
        # Of the whole of pytest this process has one, which has loaded the plugin already.
        options = ("-p", "dsl.testing.plugin", "-W", "ignore::pytest.PytestAssertRewriteWarning")
        done = self.pytester.runpytest_inprocess(*options, *arguments)
        text = done.stdout.str() + done.stderr.str()
        # Whatever happens is told in terms of the sources.
        assert "Traceback" not in text
        assert "INTERNALERROR" not in text
        assert ".py:" not in text
        return done

    def titles(self, *arguments: str) -> list[str]:
        """The ids of the tests that are collected."""
        done = self.pytest("--collect-only", "-q", *arguments)
        return [line for line in done.stdout.lines if "::" in line]


@pytest.fixture
def tree(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    # Where the terminal is narrow, pytest leaves out what a summary says.
    monkeypatch.setenv("COLUMNS", "200")
    return Tree(pytester)
