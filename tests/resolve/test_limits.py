"""Sources that only a program writes: each gets its answer, and gets it soon."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dsl.diagnostics.render import render
from dsl.resolve.workspace import LARGEST, Workspace

R = "register R : 64 { F [63:0] }\nregister S : 32 { G [31:0] }\n"
BANK = "register B<n> for n in 0..3 : 8 { F [7:0] }\n"
N = 10_000


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def codes(text: str) -> list[str]:
    workspace = Workspace()
    loaded = workspace.load_text(text)
    workspace.check([loaded] if loaded else [])
    found = workspace.found.sorted()
    assert render(found).count("\n") >= len(found)
    return [f.code for f in found]


DEEP = {
    "parentheses": f"{R}sequence f() {{ R <- {'(' * N}R{')' * N} }}",
    "not": f"{R}sequence f() {{ assert {'not ' * N}R }}",
    "sum": f"{R}sequence f() {{ R <- {' + '.join(['R'] * 100_000)} }}",
    "or": f"{R}sequence f() {{ assert {' or '.join(['R'] * N)} }}",
    "implies": f"{R}sequence f() {{ assert {' implies '.join(['R'] * N)} }}",
    "with": f"{R}sequence f() {{ R <- R{' with F = 0' * N} }}",
    "indices": f"{R}context c of v {{ a[4] : u32 }}\nsequence f(v) {{ R <- {'a[' * N}0{']' * N} }}",
    "calls": f"{R}sequence f(x : u64) -> u64 {{ return {'f(' * N}x{')' * N} }}",
    "blocks": f"{R}sequence f() {{ {'when R { ' * N}{'}' * N} }}",
    "labels": f"{R}sequence f() {{ {'block a { ' * N}{'}' * N} }}",
    "every": f"{R}sequence f() {{ assert {'every n in 0..1: (' * N}R{')' * N} }}",
    "repetitions": f"lifecycle l {{ {'each a { ' * N}{'}' * N} }}",
    "arms": f"{R}sequence f() {{ {' else '.join(['when R { R <- 0 }'] * N)} }}",
    "bits": f"register R : 64 {{ F [{' + '.join(['1'] * N)}] }}",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_what_is_too_deep_is_one_finding(text: str) -> None:
    with within(5):
        assert codes(text) == ["VGS006"]


def test_what_is_too_deep_hides_nothing_else() -> None:
    deep = f"sequence f() {{ R <- {'(' * 101}R{')' * 101} }}"
    assert codes(f"{R}{deep}\nlock lock\n{deep}\nsequence g() {{ R <- T }}") == [
        "VGS006",
        "VGS013",
        "VGS006",
    ]


def _calls(depth: int) -> str:
    return f"{'g(1 + ' * depth}R{')' * depth}"


@pytest.mark.parametrize("depth", [90, 99])
@pytest.mark.parametrize(
    "nested",
    [
        lambda n: f"assert {'not ' * n}R",
        lambda n: f"R <- {'(' * n}R{')' * n}",
        lambda n: f"R <- R{' + R' * n}",
        lambda n: f"R <- {'g(' * n}R{')' * n}",
        lambda n: f"{'when R { ' * n}R <- 0{'}' * n}",
        lambda n: f"{'when R { ' * (n // 2)}R <- {_calls(n // 2)}{'}' * (n // 2)}",
    ],
    ids=["not", "parentheses", "sum", "calls", "blocks", "blocks and calls"],
)
def test_what_is_just_not_too_deep_is_followed(depth: int, nested) -> None:
    text = f"{R}sequence g(x : u64) -> u64 {{ return x }}\nsequence f() {{ {nested(depth - 2)} }}"
    assert codes(text) == []


LONG = {
    "calls in a chain": "\n".join(
        [*(f"save f{i}() {{ f{i + 1}() }}" for i in range(N)), f"save f{N}() {{}}"]
    ),
    "falling cases": f"{R}save f() {{ match R falling {{ "
    + " ".join(f"{i} {{ R <- {i} }}" for i in range(2000, 0, -1))
    + " } }",
    "falling cases in falling cases": f"{R}save f() {{ "
    + "match R falling { 9 {} 8 {} 7 {} 6 {} 5 { " * 20
    + "} }" * 20
    + " }",
    "conditions in a chain": "extern e() { "
    + "writes c0 }\n"
    + "\n".join(f"condition c{i} = c{i + 1} per trip" for i in range(300))
    + "\ncondition c300 per trip",
    "groups in a chain": R
    + "\n".join(f"group g{i} = g{i + 1}" for i in range(N))
    + f"\ngroup g{N} = R",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_what_is_long_and_right_has_no_findings(text: str) -> None:
    with within(10):
        assert codes(text) == []


def test_a_long_chain_of_derived_functions_is_too_deep() -> None:
    chain = "\n".join(f"derive d{i} = d{i + 1}" for i in range(1000))
    assert set(codes(f"register R : 8 {{ F [7:0]\n{chain}\nderive d1000 = F }}")) == {"VGS006"}


def test_one_mistake_under_many_derived_functions_is_one_finding() -> None:
    chain = "\n".join(f"derive d{i} = d{i + 1} + d{i + 1}" for i in range(60))
    assert codes(f"register R : 8 {{ F [7:0]\n{chain}\nderive d60 = zz }}") == ["VGS020"]


HUGE = {
    "number": (f"{R}sequence f() {{ R <- {'9' * 5000} }}", "VGS041"),
    "hexadecimal": (f"{R}sequence f() {{ R <- 0x{'f' * 5000} }}", "VGS041"),
    "width": (f"register R : {'9' * 5000} {{ F [0] }}", "VGS041"),
    "bit": (f"register R : 8 {{ F [{'9' * 5000}] }}", "VGS041"),
    "enumerator": (f"register R : 8 {{ F [7:0] {{ A = {'9' * 5000} }} }}", "VGS041"),
    "case": (f"{R}sequence f() {{ match R {{ {'9' * 5000} {{}} }} }}", "VGS041"),
    "index": (f"{BANK}sequence f() {{ B<{'9' * 5000}> <- 0 }}", "VGS043"),
    "index in a group": (f"{BANK}group G = B<{'9' * 5000}>", "VGS043"),
    "bank": ("register B<n> for n in 0..99999999 : 8 { F [7:0] }", "VGS034"),
    "family": ("register R : 64 { F<n> for n in 0..99999999 [n] }", "VGS034"),
    "array": ("context c of v { a[99999999999] : u8 }\nsequence f(v) { a[0] <- 0 }", "VGS043"),
    "name": (f"{R}sequence f() {{ {'x' * 1_000_000} <- 0 }}", "VGS020"),
}


@pytest.mark.parametrize(("text", "code"), HUGE.values(), ids=HUGE.keys())
def test_what_is_too_large_is_refused(text: str, code: str) -> None:
    with within(5):
        assert code in codes(text)


def test_many_large_banks_are_refused_together() -> None:
    banks = "\n".join(f"register B{i}_<n> for n in 0..1023 : 8 {{ F [7:0] }}" for i in range(2000))
    with within(20):
        assert set(codes(banks)) == {"VGS034", "VGS015"}


SIZE = LARGEST - 16
#: What is nearly well-formed is read to its end, at the pace of any source.
SLOW = ("documentation", "hints", "lines of one word")


def garbage(kind: str) -> bytes:
    rng = random.Random(kind)
    size = SIZE // 64 if kind in SLOW else SIZE
    line = b"register CNTV_CTL_EL0 : 32 { ENABLE [0] res0 [31:1] }\n"
    match kind:
        case "random bytes":
            return rng.randbytes(size)
        case "printable":
            return bytes(rng.choices(range(32, 127), k=size))
        case "printable lines":
            return bytes(rng.choices([*range(32, 127), 10], k=size))
        case "open braces":
            return b"{" * size
        case "closed braces":
            return b"}" * size
        case "pairs of braces":
            return b"{}" * (size // 2)
        case "one line of words":
            return b"register " * (size // 9)
        case "lines of one word":
            return b"import\n" * (size // 7)
        case "open strings":
            return b'platform x "\\"' + b'\\"' * (size // 2 - 16)
        case "quotes":
            return b'"' * size
        case "documentation":
            return b"///\n" * (size // 4)
        case "hints":
            return b"@a\n" * (size // 3)
        case "one comment":
            return b"//" + b" " * size
        case "nothing":
            return b"\n" * size
        case "a good line, without its end":
            return line.replace(b" }", b"") * (size // len(line))
        case _:
            raise AssertionError(kind)


@pytest.mark.parametrize(
    "kind",
    [
        "random bytes",
        "printable",
        "printable lines",
        "open braces",
        "closed braces",
        "pairs of braces",
        "one line of words",
        "lines of one word",
        "open strings",
        "quotes",
        "documentation",
        "hints",
        "one comment",
        "nothing",
        "a good line, without its end",
    ],
)
def test_eight_megabytes_of_garbage(kind: str, tmp_path) -> None:
    path = tmp_path / "garbage.vgs"
    path.write_bytes(garbage(kind))
    with within(10):
        workspace = Workspace()
        loaded = workspace.load(path)
        workspace.check([loaded] if loaded else [])
        found = workspace.found.sorted()
        render(found)
    empty = kind in ("one comment", "nothing")
    assert bool(found) is not empty
    assert len(found) <= 1001


def test_ten_megabytes_of_good_lines_are_no_source(tmp_path) -> None:
    path = tmp_path / "large.vgs"
    path.write_bytes(b"register R : 64 { F [63:0] }\n" * 400_000)
    workspace = Workspace()
    with within(1):
        assert workspace.load(path) is None
    assert [f.code for f in workspace.found] == ["VGS002"]


def test_after_a_hundred_errors_of_syntax_the_rest_is_not_read() -> None:
    found = codes("lock 3\n" * 200)
    assert (found.count("VGS011"), found.count("VGS015")) == (100, 1)


def test_of_a_thousand_other_findings_the_rest_is_not_shown() -> None:
    found = codes(R + "\n".join(f"sequence f{i}() {{ R <- zz{i} }}" for i in range(3000)))
    assert (found.count("VGS020"), found.count("VGS015")) == (1000, 1)
