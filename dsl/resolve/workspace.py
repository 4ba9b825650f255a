"""Files and what they import: read once, in an order in which every import comes first."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from dsl.diagnostics import Diagnostic, Diagnostics, suggest
from dsl.diagnostics.text import (
    ImportCycle,
    MissingFile,
    NotReadable,
    NotUtf8,
    NulByte,
    TooDeep,
    TooManyErrors,
)
from dsl.ir.program import Module, Program
from dsl.resolve.elsewhere import Elsewhere
from dsl.resolve.module import Resolved, resolve
from dsl.resolve.usage import Checks
from dsl.resources import library
from dsl.source import Source, Span
from dsl.syntax import cache, tree
from dsl.uncollected import uncollected

#: Larger files are no sources: a hundred thousand lines are about 4 MiB.
LARGEST = 8 << 20
#: More findings than this are not shown for one file.
MOST_FINDINGS = 1000
_MOST_SUGGESTIONS = 20
#: More modules than this are not read for the sake of a suggestion.
_MOST_MODULES = 200
SUFFIX = ".vgs"
#: What a project does not have of this package, the library does.
PLATFORMS = "platforms"


class Loaded(Struct, frozen=True):
    """A file with its tree and its resolved module."""

    path: Path | None
    tree: tree.Module
    resolved: Resolved
    syntax: tuple[Diagnostic, ...]
    #: Whether it and all it imports could be read to the last declaration.
    complete: bool


class Workspace:
    """The files of one run.

    ``roots`` are the folders in which an import is looked for after the importing file's own;
    ``platforms.NAME`` is looked for last among the modules that come with vgs.  ``overlay`` has
    texts to be read instead of those of files that are there: an edit that is tried, perhaps.
    """

    def __init__(
        self, roots: Sequence[Path] = (), overlay: Mapping[Path, str] | None = None
    ) -> None:
        self.roots = tuple(roots)
        self.overlay = {os.path.realpath(p): text for p, text in (overlay or {}).items()}
        self.found = Diagnostics()
        self._loaded: dict[str, Loaded | None] = {}
        self._reading: list[str] = []
        self._closures: dict[str, tuple[Resolved, ...]] = {}

    # ---- loading

    def load(self, path: Path) -> Loaded | None:
        """A file with all it imports, or None where it cannot be read; findings are kept."""
        return self._load(path, None)

    def load_text(self, text: str, name: str = "<stdin>") -> Loaded | None:
        """A source that is in no file; it imports from the current folder and the roots."""
        source = Source(name, text, "stdin")
        if len(text) > LARGEST:
            self.found.add(NotReadable(Span(source, 0, 0), _too_large(name)))
            return None
        if not is_text(source, self.found):
            return None
        return self._take(name, source, None, Path.cwd())

    def _load(self, path: Path, asked: Span | None) -> Loaded | None:
        key = os.path.realpath(path)
        if key in self._loaded:
            return self._loaded[key]
        source = self._read(path, asked, self._module_name(path))
        if source is None:
            self._loaded[key] = None
            return None
        return self._take(key, source, path, path.parent)

    def _take(self, key: str, source: Source, path: Path | None, folder: Path) -> Loaded | None:
        self._reading.append(key)
        try:
            # Trees and IR are many small objects that all stay: collecting now only costs time.
            with uncollected():
                loaded = self._resolve(source, path, folder)
        except RecursionError:
            end = len(source.text)
            span = Span(source, 0, min(end, 1))
            self.found.add(TooDeep(span, "expressions or blocks are nested too deeply to follow"))
            loaded = None
        finally:
            self._reading.pop()
        self._loaded[key] = loaded
        return loaded

    def _resolve(self, source: Source, path: Path | None, folder: Path) -> Loaded:
        parsed, syntax = self._parse(source)
        self.found.extend(syntax)
        loaded = self._imports(source, parsed, folder)
        imports = tuple(each.resolved for each in loaded)
        elsewhere = Elsewhere(lambda: self._others(folder))
        others = self._compared(source, parsed, folder)
        resolved = resolve(source, parsed, imports, elsewhere.advice, others)
        # What could not be read declares nothing, so names that it may have declared are
        # reported only where the whole file was read.
        asked = sum(isinstance(i.body, tree.Import) for i in parsed.items)
        complete = not syntax and len(loaded) == asked and all(each.complete for each in loaded)
        kept = [f for f in resolved.findings if complete or f.code not in _CONSEQUENCES]
        self.found.extend(kept[:MOST_FINDINGS])
        if len(kept) > MOST_FINDINGS:
            message = f"{len(kept)} findings in one file: only the first {MOST_FINDINGS} are shown"
            self.found.add(TooManyErrors(kept[MOST_FINDINGS].span, message))
        closure: dict[str, Resolved] = {}
        for each in imports:
            for one in self._closures[each.source.name]:
                closure.setdefault(one.source.name, one)
        closure[source.name] = resolved
        self._closures[source.name] = tuple(closure.values())
        return Loaded(path, parsed, resolved, tuple(syntax), complete)

    def _parse(self, source: Source) -> tuple[tree.Module, list[Diagnostic]]:
        kept = cache.load(source)
        if kept is not None:
            return kept, []
        # The parser is loaded only where a tree is not at hand.
        from dsl.syntax.parser import parse

        module, found = parse(source)
        # What is tried once is not kept.
        if not found and os.path.realpath(source.name) not in self.overlay:
            cache.store(source, module)
        return module, found

    def _imports(self, source: Source, parsed: tree.Module, folder: Path) -> tuple[Loaded, ...]:
        made = []
        missing = 0
        for item in parsed.items:
            node = item.body
            if not isinstance(node, tree.Import):
                continue
            span = Span(source, node.path[0].start, node.path[-1].end)
            path = self._find(node, folder)
            if path is None:
                missing += 1
                if missing <= MOST_FINDINGS:
                    self._missing(node, span, folder)
                continue
            key = os.path.realpath(path)
            if key in self._reading:
                chain = [Path(k).stem for k in self._reading[self._reading.index(key) :]]
                self.found.add(
                    ImportCycle(
                        span,
                        f"modules import each other: {' → '.join([*chain, path.stem])}",
                    )
                )
                continue
            loaded = self._load(path, span)
            if loaded is not None:
                made.append(loaded)
        return tuple(made)

    def _compared(
        self, source: Source, parsed: tree.Module, folder: Path
    ) -> dict[tree.Differs, str]:
        """The modules that this one says it differs to.  They are not read: they need only be."""
        found: dict[tree.Differs, str] = {}
        for item in parsed.items:
            node = item.body
            if isinstance(node, tree.Differs):
                path = self._find(node, folder)
                if path is None:
                    span = Span(source, node.path[0].start, node.path[-1].end)
                    self._missing(node, span, folder)
                else:
                    found[node] = self._module_name(path)
        return found

    def _find(self, node: tree.Import | tree.Differs, folder: Path) -> Path | None:
        relative = Path(*(n.text for n in node.path)).with_suffix(SUFFIX)
        for root in (folder, *self.roots, *_shipped(node.path[0].text)):
            path = root / relative
            try:
                if path.is_file():
                    return path
            except OSError:
                # A name that is too long for a file is no file's.
                return None
        return None

    def _missing(self, node: tree.Import | tree.Differs, span: Span, folder: Path) -> None:
        name = ".".join(n.text for n in node.path)
        places = [str(r) or "." for r in (folder, *self.roots)]
        if _shipped(node.path[0].text):
            places.append("the platforms that come with vgs")
        # A file that is no source has many; only the first are worth a search.
        known = list(self._modules(folder)) if len(self.found) < _MOST_SUGGESTIONS else []
        looked = ", ".join(dict.fromkeys(places))
        self.found.add(
            MissingFile(
                span,
                f"there is no module `{name}`",
                help=suggest(name, known)
                or f"looked for {name.replace('.', '/')}{SUFFIX} in: {looked}",
            )
        )

    def _modules(self, folder: Path) -> dict[str, Path]:
        """The modules that could be imported, by name, the nearest first."""
        patterns = (f"*{SUFFIX}", f"*/*{SUFFIX}")
        places = [(root, p) for root in (folder, *self.roots) for p in patterns]
        places += [(root, f"{PLATFORMS}/*{SUFFIX}") for root in _shipped(PLATFORMS)]
        made: dict[str, Path] = {}
        for root, pattern in places:
            for path in sorted(root.glob(pattern)):
                name = ".".join(path.relative_to(root).with_suffix("").parts)
                made.setdefault(name, path)
        return made

    def _others(self, folder: Path) -> Iterator[tuple[str, tree.Module]]:
        """The modules that could be imported in addition, with their trees, for suggestions."""
        reading = {Path(k).stem for k in self._reading}
        for name, path in islice(self._modules(folder).items(), _MOST_MODULES):
            try:
                # A pipe might never end.
                if not path.is_file() or path.stat().st_size > LARGEST:
                    continue
                source = decode(str(path), name, path.read_bytes(), Diagnostics())
                parsed = self._parse(source)[0] if source else None
            except (OSError, RecursionError):
                continue
            if parsed is None:
                continue
            bodies = [item.body for item in parsed.items]
            asked = {b.path[-1].text for b in bodies if isinstance(b, tree.Import)}
            # What imports a module that is being read cannot be imported by it.
            if asked.isdisjoint(reading):
                yield name, parsed

    def _module_name(self, path: Path) -> str:
        """The dotted name by which a module is imported from the first root that holds it."""
        where = Path(os.path.realpath(path))
        for root in (*self.roots, *_shipped(PLATFORMS)):
            folder = os.path.realpath(root)
            if where.is_relative_to(folder):
                return ".".join(where.relative_to(folder).with_suffix("").parts)
        return path.stem

    def _read(self, path: Path, asked: Span | None, module: str) -> Source | None:
        name = str(path)
        empty = Source(name, "", module)
        at = asked or Span(empty, 0, 0)
        instead = self.overlay.get(os.path.realpath(path)) if self.overlay else None
        if instead is not None:
            return decode(name, module, instead.encode("utf-8", "surrogatepass"), self.found)
        try:
            status = path.stat()
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                # A pipe or a device might never end.
                self.found.add(NotReadable(at, f"{name} is no regular file"))
                return None
            if status.st_size > LARGEST:
                self.found.add(NotReadable(at, _too_large(name)))
                return None
            data = path.read_bytes()
        except FileNotFoundError:
            self.found.add(MissingFile(at, f"there is no file {name}"))
            return None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self.found.add(NotReadable(at, f"{name} cannot be read: {why}"))
            return None
        return decode(name, module, data, self.found)

    # ---- what the files make together

    def program(self, loaded: Loaded) -> Program:
        """The module with everything it imports."""
        closure = self._closures[loaded.resolved.source.name]
        return Program(loaded.resolved.module.name, tuple(r.module for r in closure))

    def closure(self, loaded: Loaded) -> tuple[Resolved, ...]:
        """The module and everything that it imports, imports first."""
        return self._closures[loaded.resolved.source.name]

    def parts(self, everything: Iterable[Loaded]) -> set[str]:
        """The names of modules that are parts of a program of which another one defines more.

        A module that only gathers others, for scenarios perhaps, makes nothing a part.
        """
        return {
            part.module.name
            for each in everything
            if _defines(each.resolved.module)
            for part in self.closure(each)
            if part is not each.resolved
        }

    def check(self, asked: Iterable[Loaded]) -> None:
        """What only shows when modules are seen together; ``asked`` are the files to judge."""
        judged = list(asked)
        everything = [x for x in self._loaded.values() if x is not None]
        parts = self.parts(everything)
        checks = Checks(self.found)
        for loaded in judged:
            module = loaded.resolved.module
            if loaded.syntax:
                continue
            if module.sequences or module.operations or module.models:
                whole = loaded.complete and _defines(module) and module.name not in parts
                checks.program(self.program(loaded), self.closure(loaded), whole=whole)
            if _tells(module):
                checks.history(self.program(loaded), self.closure(loaded))
        # What was not read to the end may use anything.
        if all(each.complete for each in everything):
            checks.unused([x.resolved for x in judged], [x.resolved for x in everything])


def _defines(module: Module) -> bool:
    return any(sequence.body is not None for sequence in module.sequences)


def _tells(module: Module) -> bool:
    """Whether a module says something of how programs run."""
    return bool(
        module.lifecycles
        or module.scenarios
        or module.failures
        or module.models
        or module.crossings
        or module.assumptions
    )


def _shipped(package: str) -> tuple[Path, ...]:
    """Where modules of a package that come with vgs are looked for."""
    return (library(),) if package == PLATFORMS else ()


#: Findings that may only follow from a file that was not read completely.
_CONSEQUENCES = frozenset({"VGS020", "VGS023", "VGS058"})


def decode(name: str, module: str, data: bytes, found: Diagnostics) -> Source | None:
    """The text of a source file, or a finding that it is not text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        head = data[: error.start].decode("utf-8")
        source = Source(name, head + "\N{REPLACEMENT CHARACTER}", module)
        span = Span(source, len(head), len(head) + 1)
        byte = data[error.start]
        found.add(NotUtf8(span, f"this byte (0x{byte:02x}) is not UTF-8"))
        return None
    if text.startswith("\ufeff"):
        text = text[1:]
    source = Source(name, text, module)
    return source if is_text(source, found) else None


def is_text(source: Source, found: Diagnostics) -> bool:
    """Whether there is neither a NUL nor half a character in a source; reports it if there is."""
    nul = source.text.find("\0")
    if nul >= 0:
        found.add(NulByte(Span(source, nul, nul + 1), "a NUL byte: this is not text"))
        return False
    try:
        source.text.encode()
    except UnicodeEncodeError as error:
        span = Span(source, error.start, error.end)
        found.add(NotUtf8(span, "half a character: this was not UTF-8"))
        return False
    return True


def _too_large(name: str) -> str:
    return f"{name} is larger than {LARGEST >> 20} MiB, so it is no source"
