"""Where comments go, and that none is lost wherever it stood."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from tests.syntax.test_format import SAMPLES, bare, formatted, hold, module, tokens

EXAMPLES = {
    "on lines of its own, before what follows": (
        """
        // a
        import b   // c

        // d
        //e

        import f
        // g
        """,
        """
        // a
        import b  // c

        // d
        //e

        import f
        // g
        """,
    ),
    "behind the last line of what it stands behind": (
        """
        sequence f() { // in front of the first
            a <- 1     // a
            when b {   // b
                c <- 1 } // c
            } // f
        """,
        """
        sequence f() {
            // in front of the first
            a <- 1  // a
            when b {
                // b
                c <- 1
            }  // c
        }  // f
        """,
    ),
    "before a closing brace": (
        """
        sequence f() {
            a <- 1

            // last
        }
        sequence g() {
            // only
        }
        """,
        """
        sequence f() {
            a <- 1

            // last
        }

        sequence g() {
            // only
        }
        """,
    ),
    "from the middle of an item to its front": (
        """
        sequence f(a, // one
                   b) {
            /// Documentation.
            // two
            @hint // three
            let c = a + // four
                b // five
            when a // six
            { save a } // seven
            else // eight
            { save b }
        }
        """,
        """
        // one
        sequence f(a, b) {
            // two
            // three
            // four
            /// Documentation.
            @hint
            let c = a + b  // five
            // six
            // seven
            // eight
            when a { save a } else { save b }
        }
        """,
    ),
    "one within a block keeps it open": (
        """
        sequence f() {
            when a {
                save // b
                    b
            } else { save c }
            match a { 1 { save b // c
                } // d
                // e
                else { }
            }
        }
        """,
        """
        sequence f() {
            when a {
                // b
                save b
            } else {
                save c
            }
            match a {
                1 {
                    save b  // c
                }  // d
                // e
                else {}
            }
        }
        """,
    ),
    "among members": (
        """
        context c of d {
            a : u8 // a
            long : // long
                u8 feeds // really
                A
            b : u16 feeds B // b
        }
        extern f() { reads a // a
            writes b }
        register R : 8 { x [0] // bit
            }
        """,
        """
        context c of d {
            a    : u8  // a
            // long
            // really
            long : u8  feeds A
            b    : u16 feeds B  // b
        }

        extern f() {
            reads a  // a
            writes b
        }

        register R : 8 {
            x [0]  // bit
        }
        """,
    ),
    "what looks like one in a string or in documentation is none": (
        """
        /// a // b
        platform p "// c" // d "e"
        """,
        """
        /// a // b
        platform p "// c"  // d "e"
        """,
    ),
}


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_example(text: str, expected: str) -> None:
    assert hold(text) == dedent(expected).removeprefix("\n")


def test_line_ends_of_another_system() -> None:
    text = "/// a\r\nlock b // c\r\n\r\n\r\n// d\r\nlock e\r\n"
    assert hold(text) == "/// a\nlock b  // c\n\n\n// d\nlock e\n"


def comments(text: str) -> Counter[str]:
    found = re.findall(r'"(?:\\.|[^"\\\n])*"|///[^\n]*|(//[^\n]*)', text)
    return Counter(c.rstrip() for c in found if c)


def commented(text: str, chance: random.Random, density: float) -> str:
    """The text with comments, blank lines and line breaks put in between its tokens."""
    out = []
    done = 0
    for i, token in enumerate(tokens(text)):
        assert token.start_pos is not None
        assert token.end_pos is not None
        out.append(text[done : token.start_pos])
        if chance.random() < density:
            before = chance.choice(["", " ", "\n", "\n\n", "\n\n\n\n"])
            after = chance.choice(["\n", "\n", "\n\n", "\n    // and\n", "\n\n// so\n\n\n"])
            out.append(f"{before}//{chance.choice([' ', ''])}{i} {{ }} \"{after}")
        out.append(token)
        done = token.end_pos
    out.append(text[done:])
    return "".join(out)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_no_comment_is_lost(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    text = path.read_text(encoding="utf-8")
    noisy = commented(text, chance, density=chance.choice([0.01, 0.1, 0.5, 1.0]))
    laid_out = hold(noisy)
    assert comments(laid_out) == comments(noisy)
    assert bare(module(laid_out)) == bare(module(text))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_one_comment_anywhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    whole = comments(text) + Counter(["// here"])
    for token in tokens(text):
        assert token.start_pos is not None
        noisy = f"{text[: token.start_pos]}// here\n{text[token.start_pos :]}"
        laid_out = formatted(noisy)
        assert comments(laid_out) == whole
        assert formatted(laid_out) == laid_out
