"""What really comes out of the examples in docs/; run as a program, it writes that into the pages.

    python -m tests.docs.outputs

renews the layout of vgs blocks, what text blocks show, and the functions in C blocks.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

import dsl
from dsl import format as formatted
from dsl.cli import main
from dsl.failures import HasErrors
from dsl.run.events import Kind
from dsl.run.results import results
from tests.docs.pages import DOCS, Block, blocks, modules


def lay_out(folder: Path) -> None:
    """Writes the modules that examples can import into a folder."""
    for path, text in modules().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def vgs(*arguments: str) -> tuple[int, str]:
    """Runs the command in this process: its status, and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue() + err.getvalue()


def canonical(block: Block) -> str:
    """A vgs block in its canonical layout.  Raises `HasErrors` for what is no syntax."""
    text = formatted(block.source.removesuffix(f"\nimport {block.mark('in')}\n"))
    if block.mark("body") is None:
        return text
    body = text.partition("sequence example(vcpu) {\n")[2].removesuffix("}\n")
    return "".join(line.removeprefix("    ") for line in body.splitlines(keepends=True))


def findings(block: Block) -> list[str]:
    """What `vgs check` says of a block, in lines, without the count at the end.

    The current folder has the modules.
    """
    path = Path(f"{block.module}.vgs")
    path.write_text(block.source, encoding="utf-8")
    return [line.rstrip() for line in vgs("check", str(path))[1].splitlines()][:-1]


def printed(block: Block) -> list[str]:
    """What a python block prints, in lines."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block.text, block.place, "exec"), {})
    return [line.rstrip() for line in out.getvalue().splitlines()]


def ran(block: Block) -> list[str]:
    """What becomes of the scenarios that a block sees, and what goes wrong in a history of each.

    The current folder has the modules.
    """
    path = Path(f"{block.module}.vgs")
    path.write_text(block.source, encoding="utf-8")
    loaded = dsl.load(path)
    assert [f for f in loaded.findings if f.severity == "error"] == [], block.place
    lines = []
    for each in results(loaded.program):
        number = f"{each.histories} histories" if each.histories > 1 else "1 history"
        lines.append(f"{each.scenario.title}: {each.verdict} ({number})")
        if each.failing is not None:
            said = [f.message for f in each.failing.failures]
            hazards = (e for e in each.failing.events if e.kind is Kind.HAZARD)
            said += [f"{e.what}: {e.why}" for e in hazards]
            # Where the platform's files are is no matter of the page.
            said = [re.sub(r"\S*/(?=\w+\.vgs:)", "", line) for line in said]
            lines += [f"    {line}" for line in dict.fromkeys(said)]
    return lines


def built(block: Block) -> list[str]:
    """The texts of the C files that a block is built into."""
    Path(f"{block.module}.vgs").write_text(block.source, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        status, said = vgs("build", f"{block.module}.vgs", "-o", folder)
        assert status == 0, said
        return [p.read_text(encoding="utf-8") for p in sorted(Path(folder).rglob("*.[ch]"))]


def source_of(block: Block) -> Block:
    """The vgs block that a C block is made from."""
    above = block.above
    while above is not None and above.language == "c":
        above = above.above
    assert above is not None
    assert above.language == "vgs", f"{block.place}: C of what?"
    return above


def shown(block: Block) -> list[str]:
    """What a `text` block below a block shows, in lines."""
    if block.language == "python":
        return printed(block)
    return findings(block) if block.mark("run") is None else ran(block)


# ---- renewing


def renewed(block: Block) -> str:
    """What a block should be; as it is where that cannot be said."""
    match block.language:
        case "vgs":
            try:
                return canonical(block)
            except HasErrors:
                return block.text
        case "text" if block.above is not None:
            return "".join(f"{line}\n" for line in shown(block.above))
        case "c":
            names = re.findall(r"^\w[^;=\n]*?\b(\w+)\([^;]*?\)\n\{", block.text, re.MULTILINE)
            if "\n".join(_functions(names, [block.text])) != block.text:
                return block.text
            return "\n".join(_functions(names, built(source_of(block)))) or block.text
        case _:
            return block.text


def _functions(names: list[str], texts: list[str]) -> list[str]:
    """The functions of some names, with their comments, each from the first text that has it."""
    made = []
    for name in names:
        comment = r"(?:^/\*(?:(?!\*/)[\s\S])*\*/\n)?"
        head = rf"^\w[^;=\n]*\b{name}\([^;{{]*\)\n"
        function = re.compile(rf"{comment}{head}\{{\n[\s\S]*?^\}}\n", re.MULTILINE)
        made += [found[0] for text in texts if (found := function.search(text))][:1]
    return made


def _renew() -> None:
    os.environ["NO_COLOR"] = "1"
    changed = True
    while changed:
        # What comes out depends on the layout, so one change at a time.
        changed = False
        blocks.cache_clear()
        with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
            lay_out(Path(name))
            for block in blocks():
                text = renewed(block)
                if text != block.text:
                    _replace(block, text)
                    print(block.place)
                    changed = True
                    break


def _replace(block: Block, text: str) -> None:
    path = DOCS / block.page
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[block.line : block.line + block.text.count("\n")] = [text]
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    _renew()
