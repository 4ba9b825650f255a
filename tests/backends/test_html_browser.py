"""The page of a run in a real browser: it is quiet, links both ways, and is legible."""

import base64
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from dsl.backends.html.page import html
from dsl.run.events import Kind
from tests.backends.html_runs import HOSTILE, SMALL, long, made

SCENARIOS = {"small": SMALL, "hostile": HOSTILE, "long": long(20)}


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window.  Debian's packages: chromium, chromium-driver."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("there is no chromium with its chromedriver here")
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = chromium
    for each in (
        "--headless=new",
        # Tests may run as root, and open only pages that they have made.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--hide-scrollbars",
    ):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = Chrome(options, Service(driver))
    yield made
    made.quit()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of a scenario, and gives the run; other pages are made by ``change``."""

    def open_(name, *, size=(1440, 900), scheme="light", media="", anchor="", change=str):
        width, height = size
        run = made(tmp_path, SCENARIOS[name])
        path = tmp_path / "run.html"
        path.write_text(change(html(run)), encoding="utf-8")
        browser.get("about:blank")
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": features}
        )
        for log in ("browser", "performance"):
            browser.get_log(log)
        browser.get(path.as_uri() + (f"#{anchor}" if anchor else ""))
        return run

    return open_


def all_of(browser, script, *arguments):
    """What a script returns that is given after ``return``."""
    return browser.execute_script(f"return {script}", *arguments)


def texts(browser, selector, of="textContent"):
    return all_of(browser, f"[...document.querySelectorAll({selector!r})].map(x => x.{of})")


def chosen(browser, script, *arguments):
    """Runs a script that chooses something, and waits until the page has followed."""
    browser.execute_script(script, *arguments)
    browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0]))")


def classed(browser, name):
    """The ids of the rows and lines that have a class now."""
    return texts(browser, f".row.{name}, .line.{name}", "id")


# ---- it is quiet


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_loads_without_a_message_and_asks_for_nothing(browser, opened, name):
    opened(name, anchor="e2")
    assert browser.get_log("browser") == []
    asked = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        for message in [json.loads(entry["message"])["message"]]
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert {url.partition(":")[0] for url in asked} == {"file"}
    assert len(asked) == 1


def test_a_script_that_is_not_the_pages_own_does_not_run(browser, opened):
    opened("small", change=lambda text: text.replace("</main>", "</main><script>hit = 1</script>"))
    assert all_of(browser, "typeof hit") == "undefined"
    assert "Content Security Policy" in browser.get_log("browser")[0]["message"]


# ---- everything is there, and linked


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_event_is_there_and_its_link_leads_to_its_line(browser, opened, name):
    run = opened(name)
    assert texts(browser, ".row", "id") == [f"e{e.number}" for e in run.events]
    stops = texts(browser, ".item:not([tabindex])", "dataset.event")
    assert Counter(stops) == Counter(str(e.number) for e in run.events)
    lines = all_of(
        browser,
        """[...document.querySelectorAll(".place")].map(x => {
            const line = document.querySelector(x.hash);
            return [line.closest(".file").querySelector("h2").textContent,
                    line.querySelector(".no").textContent, line.querySelector("code").textContent]
        })""",
    )
    for event, (file, number, code) in zip(run.events, lines, strict=True):
        path, line, _ = event.site.rsplit(":", 2)
        assert (file, number) == (path, line)
        source = Path(path).read_text(encoding="utf-8").splitlines()
        assert code == source[int(line) - 1]


def test_choosing_an_event_shows_its_entry_and_its_line(browser, opened):
    run = opened("long")
    event = [e for e in run.events if e.kind is Kind.WRITE][-1]
    mark = f".actor [data-event='{event.number}']"
    chosen(browser, "document.querySelector(arguments[0]).click()", mark)
    row = all_of(browser, "document.querySelector('.row.on').dataset.line")
    assert classed(browser, "on") == [f"e{event.number}", row]
    for selector in (".row.on", ".line.on", f"{mark}.on"):
        assert in_its_pane(browser, selector), selector
    left, width, at = all_of(
        browser,
        f"""(() => {{ const of = x => document.querySelector(x).getBoundingClientRect();
        return [of("#cursor").left, of("#cursor").width, of({json.dumps(mark)}).left] }})()""",
    )
    assert left == pytest.approx(at, abs=1.5)
    assert width > 1


def in_its_pane(browser, selector):
    """Whether an element can be seen without scrolling."""
    return all_of(
        browser,
        """(() => { const x = document.querySelector(arguments[0]);
        const box = x.getBoundingClientRect();
        const pane = x.closest("main > section").getBoundingClientRect();
        return box.top >= pane.top && box.bottom <= pane.bottom && box.left < pane.right
            && box.right > pane.left && box.top < innerHeight; })()""",
        selector,
    )


def test_choosing_a_line_shows_its_events(browser, opened):
    run = opened("long")
    sites = Counter(e.site.rsplit(":", 1)[0] for e in run.events)
    site, count = sites.most_common(1)[0]
    mine = [e.number for e in run.events if e.site.rsplit(":", 1)[0] == site]
    line = all_of(browser, f"document.getElementById('e{mine[0]}').dataset.line")
    chosen(browser, f"document.querySelector('#{line} .no').click()")
    assert classed(browser, "on") == [line]
    assert classed(browser, "of") == [f"e{number}" for number in mine]
    assert len(texts(browser, ".actor .item.of", "id")) == count


def test_the_arrow_keys_go_from_event_to_event(browser, opened):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    opened("small", anchor="e3")
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    chosen(browser, "")
    assert classed(browser, "on")[0] == "e4"
    body.send_keys(*[Keys.ARROW_LEFT] * 9)
    chosen(browser, "")
    assert classed(browser, "on")[0] == "e0"


def test_the_keyboard_comes_to_each_event_and_from_there_to_its_line(browser, opened):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        ActionChains(browser).send_keys(*keys).perform()
        chosen(browser, "")
        return all_of(browser, "document.activeElement.getAttribute('href')")

    run = opened("small")
    browser.execute_script("document.querySelector('#timeline').focus()")
    reached = [press(Keys.TAB) for _ in range(8)]
    # Phases and functions have no stops of their own: it begins with who does what.
    assert reached[0] == "#e0"
    assert len(set(reached)) == 8
    assert set(reached) <= {f"#e{e.number}" for e in run.events}
    press(Keys.ENTER)
    row, line = classed(browser, "on")
    assert f"#{row}" == reached[-1]
    assert press(Keys.TAB) == f"#{line}"
    focused = all_of(
        browser,
        """[...document.querySelectorAll(".item:not([tabindex])")].filter(
            x => (x.focus(), document.activeElement === x)).length""",
    )
    assert focused == len(run.events)


def test_without_its_script_a_link_still_shows_its_end(browser, opened):
    run = opened(
        "small", anchor="e5", change=lambda text: re.sub("(?s)<script>.*?</script>", "", text)
    )
    glow = "getComputedStyle(document.querySelector({!r})).backgroundColor"
    assert len(set(texts(browser, ".row", "id"))) == len(run.events)
    marked, other = (all_of(browser, glow.format(f"#e{n}")) for n in (5, 6))
    assert marked != other
    assert in_its_pane(browser, "#e5")
    line = all_of(browser, "document.querySelector('#e5').dataset.line")
    chosen(browser, "document.querySelector('#e5 .place').click()")
    assert all_of(browser, glow.format(f"#{line}")) == marked
    browser.execute_script("document.querySelector('#z-wide').click()")
    assert overflowing(browser) == []


# ---- the picture is right


@pytest.mark.parametrize("zoom", ["fit", "wide", "middle", "narrow"])
def test_a_wait_is_drawn_from_its_write_to_the_barrier_that_ends_it(browser, opened, zoom):
    run = opened("small")
    browser.execute_script(f"document.querySelector('#z-{zoom}').click()")
    number = {e.what: e.number for e in run.events if e.kind is Kind.BARRIER}
    drawn = all_of(
        browser,
        """(() => { const box = x => x.getBoundingClientRect();
        const mark = n => box(document.querySelector(`.actor [data-event="${n}"]`));
        const named = n => [...document.querySelectorAll(".lane")].find(
            x => x.querySelector(".name").textContent === n);
        const first = n => [...named(n).querySelectorAll(".wait")].map(box)
            .sort((a, b) => a.left - b.left)[0];
        const [isb, dsb] = arguments.map(n => mark(n));
        const column = box(document.querySelector(".track")).width / arguments[2];
        const at = x => x.left + column / 2;
        return [mark(2).left, at(isb), at(dsb), first("↳ effect"), first("↳ frame"),
            first("effect"), box(named("CTL_EL2").querySelector(".pending"))] })()""".replace(
            "arguments.map", "[arguments[0], arguments[1]].map"
        ),
        number["isb"],
        number["dsb(sy)"],
        len(run.events),
    )
    write, isb, dsb, effect, frame, _, value = drawn
    for bar, end in ((effect, isb), (frame, dsb), (value, dsb)):
        assert bar["left"] == pytest.approx(write, abs=4)
        assert bar["right"] == pytest.approx(end, abs=1)


# ---- it is legible

OVERFLOWING = """(() => {
    const wrong = [];
    for (const x of document.querySelectorAll(".t")) {
        if (x.clientWidth && x.scrollWidth > x.clientWidth) wrong.push(x.textContent);
        const of = x.parentElement.getBoundingClientRect(), box = x.getBoundingClientRect();
        if (x.clientWidth && (box.right > of.right + 1 || box.left < of.left - 1))
            wrong.push("out of its item: " + x.textContent);
    }
    if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page");
    for (const x of document.querySelectorAll(".events, .sources, header"))
        if (x.scrollWidth > x.clientWidth) wrong.push(x.className || x.tagName);
    return wrong })()"""

#: How many labels are shown, of those that have room for one.
SHOWN = "[...document.querySelectorAll('.t')].filter(x => x.clientWidth).length"

#: Texts that are too small, or too near to one of the colours behind them.
ILLEGIBLE = """(() => {
    const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const known = new Map();
    const rgba = colour => {
        if (!known.has(colour)) {
            pixel.clearRect(0, 0, 1, 1);
            pixel.fillStyle = colour;
            pixel.fillRect(0, 0, 1, 1);
            known.set(colour, [...pixel.getImageData(0, 0, 1, 1).data]);
        }
        return known.get(colour);
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(c => {
            c /= 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const ratio = (a, b) => {
        const [x, y] = [light(a), light(b)].sort((m, n) => n - m);
        return (x + 0.05) / (y + 0.05);
    };
    const colours = text => (text.match(/(rgba?|color)\\([^()]*\\)/g) || []).map(rgba);
    const behind = x => {
        const found = [];
        for (const pending of x.parentElement.querySelectorAll(":scope > .pending"))
            found.push(...colours(getComputedStyle(pending).backgroundImage));
        for (let at = x; at; at = at.parentElement) {
            const style = getComputedStyle(at);
            found.push(...colours(style.backgroundImage).filter(c => c[3] === 255));
            const own = rgba(style.backgroundColor);
            if (own[3] === 255) { found.push(own); break; }
            if (own[3] !== 0) found.push("translucent");
        }
        return found;
    };
    const wrong = [];
    let count = 0;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const x = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || x.closest("script, style")) continue;
        if (!x.getClientRects().length) continue;
        const style = getComputedStyle(x), text = walk.currentNode.data.trim();
        count += 1;
        if (parseFloat(style.fontSize) < 11) wrong.push([text, style.fontSize]);
        const ink = rgba(style.color);
        for (const paper of behind(x))
            if (paper === "translucent" || ratio(ink, paper) < 4.5)
                wrong.push([text, x.className, style.color, String(paper)]);
    }
    return [count, wrong] })()"""


def overflowing(browser):
    return all_of(browser, OVERFLOWING)


@pytest.mark.parametrize(
    ("name", "size"), [("small", (1280, 720)), ("small", (390, 844)), ("long", (1280, 720))]
)
def test_no_text_is_wider_than_its_place(browser, opened, name, size):
    run = opened(name, size=size)
    shown = {}
    for zoom in ("fit", "narrow", "middle", "wide"):
        browser.execute_script(f"document.querySelector('#z-{zoom}').click()")
        assert overflowing(browser) == []
        shown[zoom] = all_of(browser, SHOWN)
    # And it is not so because nothing is shown.
    assert shown["fit"] > 20
    assert shown["wide"] > shown["narrow"] > len(run.events)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["small", "hostile"])
def test_each_text_is_large_enough_and_stands_out(browser, opened, name, scheme):
    run = opened(name, scheme=scheme)
    browser.execute_script("for (const x of document.querySelectorAll('details')) x.open = true")
    for anchor in ("e2", all_of(browser, "document.querySelector('.line.asked').id")):
        chosen(browser, "location.hash = arguments[0]", anchor)
        count, wrong = all_of(browser, ILLEGIBLE)
        assert wrong == []
        assert count > 10 * len(run.events)


def test_the_names_of_lanes_and_the_axis_stay_in_sight(browser, opened):
    opened("long")
    before, after = (
        all_of(
            browser,
            f"""(() => {{ const x = document.querySelector(".timeline"); x.scrollTo({x}, {y});
            return [".lane.register .name", ".axis .tick"].map(
                s => document.querySelector(s).getBoundingClientRect()).map(
                (b, n) => n ? b.top : b.left) }})()""",
        )
        for x, y in ((0, 0), (900, 200))
    )
    assert before == after


def test_it_prints_on_few_pages_and_nothing_is_cut_off(browser, opened):
    run = opened("small", size=(1047, 718), media="print")
    cut = all_of(
        browser,
        """[...document.querySelectorAll("main > section, .canvas")].filter(
            x => x.scrollWidth > x.clientWidth || x.scrollHeight > x.clientHeight + 1).length""",
    )
    assert cut == 0
    assert all_of(browser, "document.querySelector('.canvas').clientWidth") <= 1047
    printed = browser.execute_cdp_cmd(
        "Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True}
    )
    pdf = base64.b64decode(printed["data"])
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 2 <= pages <= 2 + len(run.events) // 4
