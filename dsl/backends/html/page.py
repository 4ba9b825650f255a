"""One run as one web page: its picture, its events and the source lines that they come from."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter

from dsl.backends.html import bands, lanes, places, words
from dsl.backends.html.timing import Interval, intervals
from dsl.backends.html.view import Note, Page, Row, Wait, Zoom
from dsl.backends.templates import environment
from dsl.ir import lifecycle as l
from dsl.run.events import Event, Kind
from dsl.run.scenarios import Failure, Run
from dsl.source import Span

_TEMPLATE, _SCRIPT = "html/run.html.j2", "html/run.js"

#: Widths of a column: its id in the page, its name, and up to how many events it is chosen for.
_ZOOMS = (
    ("fit", "fit", "all events in the window", 36),
    ("wide", "wide", "wide columns", 0),
    ("middle", "middle", "columns of middle width", 110),
    ("narrow", "narrow", "narrow columns", None),
)


def html(run: Run) -> str:
    """The page of a run: one text that needs no other file, no network, and no script to be read.

    The same run gives the same text.
    """
    env = environment(escape=True)
    script = env.get_template(_SCRIPT).render()
    return env.get_template(_TEMPLATE).render(page=page(run, script))


def page(run: Run, script: str) -> Page:
    """What the page shows; ``script`` is the text that its policy lets it run."""
    events = tuple(run.events)
    found = places.Places(places.sources(run.program))
    scenario = run.scenario
    lines = [found.add(event.site, event.number) for event in events]
    notes = tuple(Note("failed", f.message, _failed(f, events, found)) for f in run.failures)
    whose = owners(run)
    groups = tuple(lanes.Picture(events, lines, whose).groups())
    above = tuple(bands.bands(events, whose, lines))
    choices = _choices(run, found)
    verdict, look = _verdict(run)
    return Page(
        title=scenario.title,
        verdict=verdict,
        verdict_look=look,
        doc=" ".join(scenario.doc),
        given=_given(run),
        summary=_summary(events),
        notes=notes,
        choices=choices,
        chosen=f"{_counted(len(choices), 'choice')} of this run",
        columns=max(1, len(events)),
        names=min(26, max(lanes.names(groups), 12)),
        zooms=tuple(
            Zoom(f"z-{id}", text, title, id == _zoom(len(events))) for id, text, title, _ in _ZOOMS
        ),
        ticks=bands.ticks(events),
        bands=above,
        groups=groups,
        rows=_rows(events, lines),
        files=found.files(),
        keys=words.keys({event.kind for event in events}),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _zoom(count: int) -> str:
    return next(id for id, _, _, most in _ZOOMS if most is None or count <= most)


def owners(run: Run) -> tuple[str, ...]:
    """Whose software runs: those that a lifecycle takes through its phases."""
    named = [p.name for p in run.scenario.params]
    phases = (e.who for e in run.events if e.kind is Kind.PHASE)
    return tuple(dict.fromkeys((*named, *phases)))


def _verdict(run: Run) -> tuple[str, str]:
    expected = run.program.failures.get(run.scenario.title)
    if run.failures:
        if expected is not None:
            return f"fails, as expected: {expected.reason}", "expected"
        return "fails", "failed"
    if run.stopped and run.stop is not None:
        return f"stops in {run.stop.phase}", "stopped"
    return "holds", "holds"


def _given(run: Run) -> tuple[str, ...]:
    """What the scenario gives, and what was set beside it, with what was chosen of any."""
    chosen = {choice.what: str(choice) for choice in run.choices.made}
    shown = []
    for each in (s for s in (*run.scenario.steps, *run.settings) if isinstance(s, l.Given)):
        place = _text(each.place.span)
        open_ = each.value is None and place in chosen
        shown.append(f"{chosen[place]}, of any" if open_ else _text(each.span))
    return tuple(shown)


def _text(span: Span) -> str:
    return " ".join(span.text.split())


def _summary(events: tuple[Event, ...]) -> str:
    counts = Counter(event.kind for event in events)
    shown = (
        ("event", len(events)),
        ("read", counts[Kind.READ]),
        ("write", counts[Kind.WRITE]),
        ("barrier", counts[Kind.BARRIER]),
        ("hazard", counts[Kind.HAZARD]),
    )
    return ", ".join(_counted(number, name) for name, number in shown)


def _failed(failure: Failure, events: tuple[Event, ...], found: places.Places) -> str:
    """The event that says so, or its line where the trace does not have that event."""
    if failure.event < len(events):
        return f"#e{events[failure.event].number}"
    return f"#{found.include(str(failure.span))}"


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _choices(run: Run, found: places.Places) -> tuple[Note, ...]:
    """What the run chose, each with its event, or with its line where it is before all events."""
    events = (event for event in run.events if event.kind is Kind.CHOICE)
    told = next(events, None)
    notes = []
    for choice in run.choices.made:
        link = f"#{found.include(choice.site)}"
        if told is not None and (told.what, told.site) == (choice.what, choice.site):
            link, told = f"#e{told.number}", next(events, None)
        others = " or ".join(o for n, o in enumerate(choice.options) if n != choice.taken)
        notes.append(Note("choice", f"{choice}, and not {others}", link))
    return tuple(notes)


def _rows(events: tuple[Event, ...], lines: list[str]) -> tuple[Row, ...]:
    waits: dict[int, list[Interval]] = {}
    for each in intervals(events):
        waits.setdefault(each.start, []).append(each)
    return tuple(
        Row(
            number=event.number,
            look=f"k-{event.kind}",
            glyph=words.sign(event.kind),
            kind=str(event.kind),
            what=event.what,
            change=words.change(event),
            fields=event.fields,
            waits=tuple(_wait(each, events) for each in waits.get(at, ())),
            why=event.why,
            place=places.short(event.site),
            where=words.where(event),
            line=lines[at],
        )
        for at, event in enumerate(events)
    )


def _wait(wait: Interval, events: tuple[Event, ...]) -> Wait:
    needs = " then ".join(map(str, wait.pending.barriers))
    whom = wait.pending.whom
    if wait.end is None:
        return Wait(whom, needs, "still at the end of the run", None)
    end = events[wait.end]
    return Wait(whom, needs, f"until #{end.number} {end.what}", end.number)
