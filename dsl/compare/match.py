"""Compare a patch with what two cases generate: each hunk's sides, and everything outside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dsl.compare.comments import hunk_sides
from dsl.compare.declarations import cut, without_guard
from dsl.compare.foreign import Owner, Stranger, heading_names, ours, own_side
from dsl.compare.foreign import report as strangers
from dsl.compare.levels import Found, compare_text, compare_text_only, gap_lines
from dsl.compare.nearest import describe, nearest
from dsl.compare.outside import between, text_differences, token_differences, whole
from dsl.compare.patch import FilePatch, Hunk, parse_patch
from dsl.compare.placement import Pair, place_all
from dsl.compare.report import NOT_COVERED, HunkResult, Outside, Report, Shown, SideResult
from dsl.compare.sequences import WIDTH, Interner
from dsl.compare.source import Source
from dsl.compare.standing import Standing

Span = tuple[int, int]
Prose = list[tuple[Found, Found]]

# Finding the nearest place searches the whole file; a patch that fails throughout is one fault.
_LOCATED: Final = 100


# The file of a tree before and after the patch, as far as it is known.
Stands = tuple[Standing | None, Standing | None]


def compare_patch(
    patch: str | Sequence[FilePatch],
    before: Mapping[str, str],
    after: Mapping[str, str],
    tree: Callable[[str], Stands] = lambda path: (None, None),
) -> Report:
    """Compare *patch* with the files generated for the case before it and for the case after it.

    The mappings give the text of each generated file by its path in the tree; *tree* gives the
    tree's own file by the path that the patch reports it by, to tell where hunks begin.  Raises
    `PatchError` for a patch that is not one readable unified diff.  Nothing is known here of where
    the generated files come from: the bytes are all there is.
    """
    hunks: list[HunkResult] = []
    outside: list[Outside] = []
    outside_text: list[Outside] = []
    unjudged: list[Outside] = []
    not_covered: list[str] = []
    shown: list[Shown] = []
    touched: tuple[set[str], set[str]] = (set(), set())
    for file in parse_patch(patch) if isinstance(patch, str) else patch:
        old = None if file.old_path is None else before.get(file.old_path)
        new = None if file.new_path is None else after.get(file.new_path)
        # A file that is made or deleted although the patch says it was not, or was, there.
        stray_old = before.get(file.path) if file.old_path is None else None
        stray_new = after.get(file.path) if file.new_path is None else None
        old, new = (stray_old if old is None else old), (stray_new if new is None else new)
        if file.binary or (old is None and new is None):
            not_covered.append(file.path)
            hunks += [_uncovered(file, hunk) for hunk in file.hunks]
            continue
        touched[0].add(file.old_path or file.path)
        touched[1].add(file.new_path or file.path)
        comparison = _Comparison(file, old, new, tree(file.path))
        hunks += comparison.run()
        shown.append(comparison.shown())
        outside += comparison.outside
        outside_text += comparison.outside_text
        unjudged += comparison.unjudged
    rest = (set(before) - touched[0]) | (set(after) - touched[1])
    for path in sorted(rest):
        one = before.get(path) if path not in touched[0] else None
        two = after.get(path) if path not in touched[1] else None
        comparison = _Comparison(FilePatch(path, path, (), False), one, two)
        comparison.run()
        shown.append(comparison.shown())
        outside += comparison.outside
        outside_text += comparison.outside_text
    return Report(
        tuple(hunks),
        tuple(outside),
        tuple(outside_text),
        tuple(unjudged),
        tuple(not_covered),
        tuple(shown),
    )


def _uncovered(file: FilePatch, hunk: Hunk) -> HunkResult:
    return HunkResult(file.path, hunk.header, hunk.patch_line, False, NOT_COVERED, NOT_COVERED)


@dataclass(slots=True, eq=False)
class _Reading:
    """One side of a hunk as it is read, without what is not ours, and what was found of it.

    `codes` are its tokens, `numbers` the lines of the tree that its lines are.
    """

    source: Source
    codes: str
    numbers: tuple[int, ...]
    strangers: tuple[Stranger, ...]
    place: int | None = None
    found: Found | None = None


class _Comparison:
    """One file: the generated pair, and what comparing it with its hunks gives."""

    def __init__(
        self,
        file: FilePatch,
        before: str | None,
        after: str | None,
        stands: Stands = (None, None),
    ) -> None:
        self._file = file
        self._missing = (before is None, after is None)
        self._sources = (Source(before or ""), Source(after or ""))
        self._interner = interner = Interner()
        self._codes = (
            interner.encode(self._sources[0].lexed.keys),
            interner.encode(self._sources[1].lexed.keys),
        )
        self._pieces = [without_guard(cut(source.lexed)) for source in self._sources]
        self._ours = ours(self._sources, self._pieces)
        self._readings: list[tuple[_Reading, _Reading]] = []
        for hunk in file.hunks:
            self._readings.append(self._choose(*self._read(hunk, stands)))
        self._failures = 0
        self.outside: list[Outside] = []
        self.outside_text: list[Outside] = []
        self.unjudged: list[Outside] = []

    def _read(self, hunk: Hunk, stands: Stands) -> Iterator[list[_Reading]]:
        """The ways to read the old and the new side of a hunk."""
        heading = heading_names(hunk.header)
        guessed = hunk_sides(hunk)
        for side, sources, stand in zip((hunk.old, hunk.new), guessed, stands, strict=True):
            owner: Owner | None = None
            if stand is not None and stand.shows(side):
                sources, owner = (stand.reading(side),), stand.owner
            readings = []
            for source in sources:
                own = own_side(side, source, self._ours, heading, owner)
                codes = self._interner.encode(own.source.lexed.keys)
                readings.append(_Reading(own.source, codes, own.numbers, own.strangers))
            yield readings

    def _choose(self, old: list[_Reading], new: list[_Reading]) -> tuple[_Reading, _Reading]:
        """The first way to read both sides, which begin in the same state, that finds both."""

        def found(readings: list[_Reading], which: int) -> list[_Reading]:
            return [reading for reading in readings if reading.codes in self._codes[which]]

        found_old, found_new = found(old, 0), found(new, 1)
        for one, two in zip(old, new, strict=False):
            if one in found_old and two in found_new:
                return one, two
        return (found_old or old)[0], (found_new or new)[0]

    def run(self) -> list[HunkResult]:
        """The results of the hunks; fills the lists of what lies outside."""
        # A hunk of comments only has no place among tokens; it is looked for as text afterwards.
        anchors = [pair for pair in self._readings if pair[0].codes or pair[1].codes]

        def score(number: int, p: int, q: int) -> int:
            old, new = anchors[number]
            return self._score(old, 0, p) + self._score(new, 1, q)

        pairs = [Pair(old.codes, new.codes) for old, new in anchors]
        places = place_all(self._codes[0], self._codes[1], pairs, score)
        for (old, new), place in zip(anchors, places, strict=True):
            old.place, new.place = place
        self._check_existence()
        for which in (0, 1):
            self._find_texts(which)
        self._judge_outside()
        return [self._hunk(number, hunk) for number, hunk in enumerate(self._file.hunks)]

    def _hunk(self, number: int, hunk: Hunk) -> HunkResult:
        old, new = self._readings[number]
        foreign = strangers(old.strangers, new.strangers)
        covered = bool(old.codes or new.codes or not foreign)
        sides = (
            (self._result(number, 0), self._result(number, 1)) if covered else (NOT_COVERED,) * 2
        )
        return HunkResult(self._file.path, hunk.header, hunk.patch_line, covered, *sides, foreign)

    def shown(self) -> Shown:
        """How much of what is generated the hunks that were found show; to be asked after `run`."""
        amounts: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for which, pieces in enumerate(self._pieces):
            readings = [pair[which] for pair in self._readings]
            spans = [
                (one.place // WIDTH, (one.place + len(one.codes)) // WIDTH)
                for one in readings
                if one.place is not None and one.found is not None
            ]
            for piece in pieces:
                if piece.declares:
                    seen = sum(
                        max(min(end, piece.last) - max(start, piece.first), 0)
                        for start, end in spans
                    )
                    size = piece.last - piece.first
                    amounts.setdefault((piece.names[0], piece.kind), []).append((seen, size))
        names: tuple[list[str], ...] = ([], [], [])
        for (name, _), parts in amounts.items():
            every, some = all(a == b for a, b in parts), any(a for a, _ in parts)
            names[0 if every else 1 if some else 2].append(name)
        return Shown(self._file.path, *map(tuple, names))

    def _score(self, reading: _Reading, which: int, place: int) -> int:
        if not reading.codes:
            return 0
        found = compare_text(reading.source, self._sources[which], place // WIDTH)
        return found.text + found.apart_from_comments

    def _check_existence(self) -> None:
        expected = (self._file.old_path is not None, self._file.new_path is not None)
        for which, (case, other) in enumerate((("before", "after"), ("after", "before"))):
            if self._missing[which] and expected[which]:
                present = whole(self._sources[1 - which])
                self.outside.append(
                    Outside(
                        self._file.path,
                        f"only {other} generates this file, {case} does not",
                        None if which == 0 else present,
                        None if which == 1 else present,
                    )
                )
            elif not self._missing[which] and not expected[which]:
                present = whole(self._sources[which])
                does = "makes" if which == 0 else "deletes"
                self.outside.append(
                    Outside(
                        self._file.path,
                        f"{case} generates this file, which the patch {does}",
                        present if which == 0 else None,
                        present if which == 1 else None,
                    )
                )

    def _window(self, number: int, which: int) -> tuple[int, int]:
        """The tokens between the nearest placed neighbours of a hunk."""
        low, high = 0, len(self._codes[which])
        for pair in reversed(self._readings[:number]):
            place = pair[which].place
            if place is not None:
                low = place + len(pair[which].codes)
                break
        for pair in self._readings[number + 1 :]:
            place = pair[which].place
            if place is not None:
                high = place
                break
        return low // WIDTH, high // WIDTH

    def _find_texts(self, which: int) -> None:
        generated = self._sources[which]
        for number, pair in enumerate(self._readings):
            reading = pair[which]
            if reading.codes:
                if reading.place is not None:
                    at = reading.place // WIDTH
                    reading.found = compare_text(reading.source, generated, at)
            elif reading.place is not None:
                at = reading.place // WIDTH
                reading.found = compare_text_only(reading.source, generated, at, at)
            elif not reading.strangers:
                low, high = self._window(number, which)
                reading.found = compare_text_only(reading.source, generated, low, high)

    def _result(self, number: int, which: int) -> SideResult:
        reading, other = self._readings[number][which], self._readings[number][1 - which]
        generated, found = self._sources[which], reading.found
        if not reading.codes:
            if self._missing[which] and reading.source.text:
                return SideResult(False, None, False, False, False, empty=True)
            text = found is not None
            return SideResult(text, found.line if found else None, text, True, True, empty=True)
        if found is not None:
            return SideResult(True, found.line, found.text, found.apart_from_comments, True)
        self._failures += 1
        if self._missing[which] or self._failures > _LOCATED:
            case = ("before", "after")[which]
            message = f"the {case} case does not generate this file"
            if not self._missing[which]:
                message = f"not found; the nearest places are given for the first {_LOCATED} only"
            mismatch = describe(reading.source, reading.numbers, generated, 0, None, message)
            return SideResult(False, None, False, False, False, mismatch=mismatch)
        low, high = self._window(number, which)
        hint = None
        if other.place is not None:
            # The gap above is the same on both sides if only this hunk is amiss.
            hint = low * WIDTH + other.place - self._window(number, 1 - which)[0] * WIDTH
        index, counterpart = nearest(
            reading.codes, self._codes[which], low * WIDTH, high * WIDTH, hint
        )
        mismatch = describe(reading.source, reading.numbers, generated, index, counterpart)
        return SideResult(False, mismatch.generated.line, False, False, False, mismatch=mismatch)

    def _judge_outside(self) -> None:
        if self.outside:
            return  # the file as a whole is out of place, which is said already
        low = (0, 0)
        above = (0, 0)  # the last lines that hunks so far stand for
        doubtful = False
        prose: list[tuple[Found, Found]] = []
        for old, new in self._readings:
            if not old.codes and not new.codes:
                if old.found is not None and new.found is not None:
                    prose.append((old.found, new.found))
                continue
            if old.place is None or new.place is None:
                doubtful = True
                continue
            # Unless both sides are known to the line, what is around them counts as theirs.
            exact = all(side.found is not None and side.found.text for side in (old, new))
            ends = (self._edges(old, 0, exact), self._edges(new, 1, exact))
            spans = ((low[0], old.place), (low[1], new.place))
            lines = ((above[0] + 1, ends[0][0] - 1), (above[1] + 1, ends[1][0] - 1))
            self._judge_gap(spans, lines, prose, doubtful)
            low = (old.place + len(old.codes), new.place + len(new.codes))
            above = (ends[0][1], ends[1][1])
            doubtful, prose = False, []
        spans = ((low[0], len(self._codes[0])), (low[1], len(self._codes[1])))
        before, after = self._sources
        lines = ((above[0] + 1, len(before.lines)), (above[1] + 1, len(after.lines)))
        self._judge_gap(spans, lines, prose, doubtful)

    def _edges(self, reading: _Reading, which: int, exact: bool) -> tuple[int, int]:
        """The first and last generated line that a placed side stands for."""
        if exact and reading.found is not None:
            return reading.found.first, reading.found.last
        at = (reading.place or 0) // WIDTH
        return gap_lines(self._sources[which], at, at + len(reading.source.lexed))

    def _judge_gap(
        self, spans: tuple[Span, Span], lines: tuple[Span, Span], prose: Prose, doubtful: bool
    ) -> None:
        """Judge what lies between two hunks, given as encoded positions and as lines."""
        before, after = self._sources
        path = self._file.path
        b, a = ((start // WIDTH, end // WIDTH) for start, end in spans)
        if doubtful:
            message = "cannot be judged before the hunks in it match"
            self.unjudged.append(Outside(path, message, between(before, *b), between(after, *a)))
            return
        differences = token_differences(path, before, after, self._codes, (b, a))
        self.outside += differences
        if differences:
            return
        (first_b, last_b), (first_a, last_a) = lines
        for old, new in prose:
            if first_b <= old.first and first_a <= new.first:
                gap = ((first_b, old.first - 1), (first_a, new.first - 1))
                self.outside_text += text_differences(path, before, after, gap)
                first_b, first_a = old.last + 1, new.last + 1
        gap = ((first_b, last_b), (first_a, last_a))
        self.outside_text += text_differences(path, before, after, gap)
