"""What the fuzzer feeds to the language: grammar, mutated bytes and mutated words."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from dsl.resources import grammar_text
from dsl.syntax.keywords import keywords

ROOT = Path(__file__).parent.parent.parent

_WORDS = re.compile(
    r'///[^\n]*|//[^\n]*|"(?:\\.|[^"\\\n])*"|\w+(?:<\w+>\w*)?|\s+|<-|->|\.\.|[<>=!]=|.'
)

#: Names that a sample declares and uses: few, so that uses meet declarations.
_NAMES = st.sampled_from(
    ["a", "b", "c", "vcpu", "n", "i", "R", "S", "vhe", "u32", "bool", "machine", "traps"]
)
_BANKS = st.sampled_from(["B<n>", "B<i>", "B<0>", "B<3>_EL2", "F<n>"])


@cache
def grammar() -> st.SearchStrategy[str]:
    """Modules that the grammar allows, with words that have a chance to mean something."""
    # White space between words comes only by chance, so each word brings its own.
    spaced = re.sub(r'"([a-z]\w*)"', r'"\1 "', grammar_text())
    return from_lark(
        Lark(spaced, parser="lalr", lexer="basic"),
        explicit={
            "NAME": _NAMES.map(lambda name: f"{name} "),
            "BANK": _BANKS.map(lambda name: f"{name} "),
            "GLOB": st.sampled_from(["* ", "a_* ", "*_state "]),
            "INT": st.sampled_from(
                ["0 ", "1 ", "3 ", "31 ", "32 ", "64 ", "0xff ", "0b11 ", "1_000 "]
            ),
            "STRING": st.sampled_from(['""', '"a b"', '"$value"', '"f($n)"', '"\\\\"', '"c.h"']),
            "DOC": st.sampled_from(["/// What it is.\n", "///\n"]),
            "COMMENT": st.sampled_from(["// why\n", "//\n"]),
            "WHITE": st.sampled_from([" ", "\n", "\n\n", "\t"]),
        },
    )


@cache
def sources() -> tuple[str, ...]:
    """Real sources, and the samples and the corpus of the tests."""
    paths = [
        *sorted((ROOT / "sequences").rglob("*.vgs")),
        *sorted((ROOT / "tests" / "syntax" / "samples").glob("*.vgs")),
        *sorted((ROOT / "tests" / "corpus" / "bad").glob("*.vgs")),
    ]
    return tuple(path.read_text() for path in paths)


@cache
def _words() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_WORDS.findall(text)) for text in sources())


def mutated_bytes(seed: int) -> bytes:
    """A real source with some bytes changed, lost, doubled or moved."""
    rng = random.Random(seed)
    data = bytearray(rng.choice(sources()).encode())
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at : at + rng.choice((1, 2, 10, 100))]
            case 2:
                data[at:at] = data[at : at + rng.choice((1, 10, 100))]
            case 3:
                data[at:at] = rng.choice(
                    (b"{", b"}", b"(", b")", b'"', b"\n", b"<-", b"//", b"\0", b"<n>")
                )
            case 4:
                to = rng.randrange(len(data) + 1)
                data[to:to] = data[at : at + rng.choice((5, 50))]
            case _:
                data[at:] = data[at:][: rng.choice((0, 10, 1000, 100000))]
    return bytes(data)


def mutated_words(seed: int) -> bytes:
    """A real source with some words lost, doubled, swapped, or taken from another source."""
    rng = random.Random(seed)
    words = list(rng.choice(_words()))
    other = rng.choice(_words())
    solid = [i for i, word in enumerate(words) if not word.isspace()]
    for _ in range(rng.choice((1, 1, 1, 2, 4, 10))):
        at, to = rng.choice(solid), rng.choice(solid)
        if max(at, to) >= len(words):
            continue
        match rng.randrange(6):
            case 0:
                words[at] = " "
            case 1:
                words[at] += f" {words[at]}"
            case 2:
                words[at], words[to] = words[to], words[at]
            case 3:
                words[at] = rng.choice(other)
            case 4:
                words[at] = rng.choice(sorted(keywords()))
            case _:
                words[at:at] = ["\n", *words[to : to + rng.choice((3, 10, 40))], "\n"]
    return "".join(words).encode()
