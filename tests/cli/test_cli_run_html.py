"""`vgs run --html`: a history as a page in a file."""

import pytest

from tests.backends.html_runs import SMALL, TIMER

TITLE = "a write waits for its barriers"
FAILING = SMALL.replace("ctl == 7", "ctl == 8").replace(TITLE, "it does not hold")
#: There is no frame to act before anything has run.
IMPOSSIBLE = 'scenario "nobody is there" { frame { CVAL0_EL2 <- 9 } }\n'


@pytest.fixture
def timer(empty):
    (empty / "timer.vgs").write_text(TIMER)
    (empty / "run.vgs").write_text(f"import timer\n\n{SMALL}\n{FAILING}\n{IMPOSSIBLE}")
    return empty


def test_it_writes_the_page_and_says_so(timer, vgs):
    done = vgs("run", "run.vgs", "--scenario", TITLE, "--html", "page.html")
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("page.html: written\n")
    text = (timer / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert text.endswith("</html>\n")
    assert f"<title>{TITLE}: holds</title>" in text


def test_a_history_that_does_not_hold_is_drawn_too(timer, vgs):
    done = vgs("run", "run.vgs", "--scenario", "not hold", "--html", "page.html")
    assert done.status == 1
    assert "<title>it does not hold: fails</title>" in (timer / "page.html").read_text()


def test_a_history_that_ends_early_says_where_and_one_that_goes_on_is_drawn_whole(timer, vgs):
    asked = ("run", "run.vgs", "--scenario", TITLE)
    assert vgs(*asked, "--until", "guest", "--save", "state", "--html", "one.html").status == 0
    assert vgs("run", "run.vgs", "--resume", "state", "--html", "two.html").status == 0
    assert vgs(*asked, "--html", "all.html").status == 0
    one, two, whole = ((timer / f"{name}.html").read_text() for name in ("one", "two", "all"))
    assert f"<title>{TITLE}: stops in guest</title>" in one
    assert one.count('<li class="row') < two.count('<li class="row')
    assert two == whole


def test_json_says_nothing_of_it_and_it_is_there(timer, vgs):
    asked = ("run", "run.vgs", "--scenario", TITLE, "--format", "json")
    assert vgs(*asked, "--html", "page.html").json == vgs(*asked).json
    assert (timer / "page.html").is_file()


def test_where_nothing_could_run_nothing_is_written(timer, vgs, files):
    before = files(timer)
    assert vgs("run", "run.vgs", "--scenario", "nobody", "--html", "page.html").status == 2
    assert vgs("run", "run.vgs", "--html", "page.html").status == 2
    assert vgs("run", "run.vgs", "--scenario", TITLE, "--html", "/dev/null").status == 2
    assert files(timer) == before
