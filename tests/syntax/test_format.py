"""What the canonical layout of each construct is, by examples."""

# ruff: noqa: E501  (lines that are too long are what some of the examples are about)

from __future__ import annotations

from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

import pytest
from lark import Lark, Token

from dsl.resources import grammar_text
from dsl.source import Source
from dsl.syntax import tree
from dsl.syntax.format import format_module
from dsl.syntax.parser import parse

SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.vgs"))
SHIPPED = sorted(Path(__file__).parents[2].joinpath("sequences").rglob("*.vgs"))


# Rules that the grammar always replaces by what they hold: the layers of expressions.
INLINED = {
    *("expr", "implies", "or_", "and_", "not_", "compare", "bitor", "bitxor", "bitand"),
    *("shift", "sum", "product", "atom"),
}


def module(text: str) -> tree.Module:
    parsed, findings = parse(Source("example", text))
    assert not findings, findings
    return parsed


def formatted(text: str) -> str:
    return format_module(text, module(text))


def parts(node: tree.Node) -> list[Any]:
    """What a node holds besides its offsets."""
    return [getattr(node, name) for name in type(node).__match_args__[2:]]


def bare(root: tree.Node) -> list[object]:
    """A tree without its offsets, as a flat list, however deep it is."""
    flat: list[object] = []
    open_ = [cast(Any, root)]
    while open_:
        node = open_.pop()
        if isinstance(node, tuple):
            flat.append(len(node))
            open_ += node
        elif isinstance(node, tree.Node):
            flat.append(type(node))
            open_ += parts(node)
        else:
            flat.append(node)
    return flat


def hold(text: str) -> str:
    """The canonical layout, after a look at what it promises for every text."""
    laid_out = formatted(text)
    assert bare(module(laid_out)) == bare(module(text))
    assert formatted(laid_out) == laid_out
    assert not any(line != line.rstrip() for line in laid_out.split("\n"))
    assert not laid_out or laid_out.endswith("\n")
    assert not laid_out.endswith("\n\n")
    return laid_out


@cache
def plain_parser() -> Lark:
    return Lark(grammar_text(), parser="lalr", keep_all_tokens=True, maybe_placeholders=False)


def tokens(text: str) -> list[Token]:
    parsed = plain_parser().parse(text)
    found = parsed.scan_values(lambda value: isinstance(value, Token))
    return sorted(found, key=lambda token: token.start_pos or 0)


# ---- whole files


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_sample_is_as_it_should_be(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert hold(text) == text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_source_keeps_its_meaning(path: Path) -> None:
    hold(path.read_text(encoding="utf-8"))


def test_samples_use_every_rule_and_terminal_of_the_grammar() -> None:
    parser = plain_parser()
    used: set[str] = set()
    for path in SAMPLES:
        text = path.read_text(encoding="utf-8")
        for node in parser.parse(text).iter_subtrees():
            used.add(str(node.data))
            used |= {c.type for c in node.children if isinstance(c, Token)}
    rules = {str(rule.alias or rule.origin.name) for rule in parser.rules}
    rules = {name for name in rules if not name.startswith("_") and name not in INLINED}
    terminals = {t.name for t in parser.terminals} - {"COMMENT", "WHITE"}
    assert sorted((rules | terminals) - used) == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_line_breaks_of_the_author_do_not_matter(path: Path) -> None:
    words = tokens(path.read_text(encoding="utf-8"))
    tall = "".join(f"{t}\n" for t in words)
    wide = "".join(f"{t}\n" if t.type == "DOC" else f"{t}\t " for t in words)
    dense = "".join(f"{t}\r\n" if t.type == "DOC" else f"{t} " for t in words)
    assert hold(tall) == hold(wide) == hold(dense)


# ---- examples

EXAMPLES = {
    "nothing": ("", ""),
    "only blank lines": ("\n\n  \n", ""),
    "only a comment": ("\n\n//  a\t\n\n\n\n\n// b", "//  a\n\n\n// b\n"),
    "imports": ("import   a . b import c", "import a.b\nimport c\n"),
    "platform": ('platform p"doc" lock l lock m "x"', 'platform p "doc"\nlock l\nlock m "x"\n'),
    "endpoints": (
        """
        endpoint a "x" aliases A,B
        endpoint longer "y"

        endpoint c "z"
        """,
        """
        endpoint a      "x" aliases A, B
        endpoint longer "y"

        endpoint c "z"
        """,
    ),
    "groups": ("group A=B,C group AB=A", "group A  = B, C\ngroup AB = A\n"),
    "strings stay as they were written": (
        r'platform p "a \" \\ \d // {"',
        'platform p "a \\" \\\\ \\d // {"\n',
    ),
    "numbers stay as they were written": (
        "group A = B[0X1F], C[0b1_0], D[1_000], E[007]",
        "group A = B[0X1F], C[0b1_0], D[1_000], E[007]\n",
    ),
    "hints and documentation": (
        """
        ///a
        ///
        ///   b  \t
        @x ( a ,b ) @y sequence f ( ) { }
        """,
        """
        /// a
        ///
        ///   b
        @x(a, b)
        @y
        sequence f() {}
        """,
    ),
    "blank lines between documentation and what it is about go": (
        "/// a\n\n\n@x\n\nlock l\n",
        "/// a\n@x\nlock l\n",
    ),
    "blank lines: two at most, none at the edges of braces": (
        """
        context c of vcpu {


            a : u32



            b : u32

        }
        """,
        """
        context c of vcpu {
            a : u32


            b : u32
        }
        """,
    ),
    "declarations of several lines stand apart": (
        """
        lock a
        context c of d { e : u8 }
        lock b
        lock c
        // about d, and what follows
        context d of e { f : u8 }
        // behind it

        lock d
        """,
        """
        lock a

        context c of d {
            e : u8
        }

        lock b
        lock c

        // about d, and what follows
        context d of e {
            f : u8
        }
        // behind it

        lock d
        """,
    ),
    "one-line declarations with documentation do not": (
        "/// x\nlock a\n/// y\nlock b\nlock c",
        "/// x\nlock a\n/// y\nlock b\nlock c\n",
    ),
    "registers": (
        """
        register A:32 rw at(1,n+1)then(2)for aarch32 reset unknown{ x[0]
            longer [n*8+7:n*8] wo reset 1 becomes x with y=1 when z
            w<n> for n in 0..3 [n] = x==1
            res0[2],[31:3] derive d = x
            /// About e.
            e[1]{A=0,BC=1} }
        register B<n> for n in 0..1 : 8 ro { x [7:0] }
        register C : 8 { x [7:0] { A = 0 } }
        register D : 8 {
            // Not short.
            x [7:0]
        }
        register E : 8 { }
        """,
        """
        register A : 32 rw at (1, n + 1) then (2) for aarch32 reset unknown {
            x      [0]
            longer [n * 8 + 7 : n * 8] wo reset 1 becomes x with y = 1 when z
            w<n> for n in 0..3 [n] = x == 1
            res0   [2], [31:3]
            derive d = x
            /// About e.
            e      [1] { A = 0, BC = 1 }
        }

        register B<n> for n in 0..1 : 8 ro { x [7:0] }

        register C : 8 {
            x [7:0] { A = 0 }
        }

        register D : 8 {
            // Not short.
            x [7:0]
        }

        register E : 8 {}
        """,
    ),
    "layouts": (
        """
        register A:32{x[0] layout low when not B.m{y[1]
            longer [5:2] res0[7:6]}
            /// The other one.
            layout high when B.m and
            x { }
            long [31:8] }
        """,
        """
        register A : 32 {
            x [0]
            layout low when not B.m {
                y      [1]
                longer [5:2]
                res0   [7:6]
            }
            /// The other one.
            layout high when B.m and x {}
            long [31:8]
        }
        """,
    ),
    "fields of layouts, and steps": (
        """
        sequence f ( ) {
            A . low . y <- A with low . y = 1 with high.z<n>=2
            modify A { low . y <- 1 } modify A { @step low.y <- 1 } modify A { x <- 0 @ step
                @step low . // why
                y <- 1 }
        }
        """,
        """
        sequence f() {
            A.low.y <- A with low.y = 1 with high.z<n> = 2
            modify A { low.y <- 1 }
            modify A {
                @step
                low.y <- 1
            }
            modify A {
                x <- 0
                // why
                @step
                @step
                low.y <- 1
            }
        }
        """,
    ),
    "what surrounds sequences": (
        """
        hypcall enters{exception}leaves{isb}
        hypcall enters{exception}leaves{when vhe{isb}
            eret}
        boot{A<-0}boot{}assume a"x"{b}
        lifecycle l{p{may isb then dsb(sy) eret}}
        """,
        """
        hypcall enters { exception } leaves { isb }

        hypcall enters {
            exception
        } leaves {
            when vhe { isb }
            eret
        }

        boot { A <- 0 }
        boot {}

        assume a "x" {
            b
        }

        lifecycle l {
            p {
                may isb then dsb(sy)
                eret
            }
        }
        """,
    ),
    "scenarios": (
        """
        scenario"s"(a,b:vcpu){given any x,not y,z=1 on 1 run p(a),q(b) on 0x2
            expect undefined==0 and traps==1 at p}
        scenario"t"fails"why not"
        scenario"u"(vcpu)
        {}
        """,
        """
        scenario "s" (a, b : vcpu) {
            given any x, not y, z = 1
            on 1
            run p(a), q(b)
            on 0x2
            expect undefined == 0 and traps == 1 at p
        }

        scenario "t" fails "why not"
        scenario "u" (vcpu) {}
        """,
    ),
    "operations and models": (
        """
        operation o(n:int)->u32{when n{trap}undefined"x"}
        model m(vcpu){}
        """,
        """
        operation o(n : int) -> u32 {
            when n { trap }
            undefined "x"
        }

        model m(vcpu) {}
        """,
    ),
    "a value called unknown is not the unknown value": (
        "register A : 8 reset (unknown) {} register B : 8 reset (x+1) { y [0] reset (unknown[1]) }",
        """
        register A : 8 reset (unknown) {}
        register B : 8 reset x + 1 { y [0] reset (unknown[1]) }
        """,
    ),
    "enumerators": (
        """
        register A : 8 {
            x [0] { A = 0, // first
                    Long = 1
                    // second
                    , B = 2 }
            y [1] { A = 0,

                    B = 1 }
        }
        """,
        """
        register A : 8 {
            x [0] {
                A    = 0,  // first
                Long = 1,
                // second
                B    = 2
            }
            y [1] {
                A = 0,

                B = 1
            }
        }
        """,
    ),
    "rules": (
        """
        rule r:practice "doc" { reads of A,B visible to writes of C needs dsb(sy)then isb when x
            A only while x or y effective A before writes of B }
        rule s : convention "" { }
        """,
        """
        rule r : practice "doc" {
            reads of A, B visible to writes of C needs dsb(sy) then isb when x
            A only while x or y effective
            A before writes of B
        }

        rule s : convention "" {}
        """,
    ),
    "slots": (
        """
        context c of vcpu { a:u32 feeds A
            long[16]:0..4 mirrors B<n> b:u8
            /// Documentation is no reason for new columns.
            c:u8 }
        """,
        """
        context c of vcpu {
            a        : u32  feeds   A
            long[16] : 0..4 mirrors B<n>
            b        : u8
            /// Documentation is no reason for new columns.
            c        : u8
        }
        """,
    ),
    "columns go on behind documentation and comments, up to a blank line": (
        """
        // a
        context c of vcpu {
            /// b
            b : u8
            // c
            /// d
            /// e
            longer : u8 // f
            // g

            // h
            a : u8
            // i
            long : u8

            /// j
            x : u8
            // k
        }
        // l
        group A = B
        /// m
        // n
        group LONG = C
        // o
        lock l
        // p
        group SOMEWHAT_LONGER = D
        // q

        group E = F
        """,
        """
        // a
        context c of vcpu {
            /// b
            b      : u8
            // c
            /// d
            /// e
            longer : u8  // f
            // g

            // h
            a    : u8
            // i
            long : u8

            /// j
            x : u8
            // k
        }

        // l
        group A    = B
        // n
        /// m
        group LONG = C
        // o
        lock l
        // p
        group SOMEWHAT_LONGER = D
        // q

        group E = F
        """,
    ),
    "what is within braces is a run of its own": (
        """
        register A : 8 {
            x [0]
            // about the next
            longer [2:1] {
                // first
                A = 0
                // last
            }
            // not aligned with x
            y [3]
        }
        """,
        """
        register A : 8 {
            x [0]
            // about the next
            longer [2:1] {
                // first
                A = 0
                // last
            }
            // not aligned with x
            y [3]
        }
        """,
    ),
    "conditions": (
        "condition a,b per vm condition c:0..3=d.e per trip",
        """
        condition a, b           per vm
        condition c : 0..3 = d.e per trip
        """,
    ),
    "externs": (
        """
        extern f(a,b:u8)->int{reads a writes b in 0..n ensures a implies b}
        extern longer(a) { needs l }
        extern g() {}
        extern h() {
            reads a

            reads b
        }
        """,
        """
        extern f(a, b : u8) -> int { reads a  writes b in 0..n  ensures a implies b }
        extern longer(a)           { needs l }
        extern g()                 {}

        extern h() {
            reads a

            reads b
        }
        """,
    ),
    "sequences": (
        """
        save f(){}
        restore g(a:u8,b)->int undoes f { return a }
        activate h() { return }
        sequence i() {
            /// About it.
            return
        }
        sequence j() { when a { b <- 1 } }
        save k( ) save l( )->int undoes k
        """,
        """
        save f() {}
        restore g(a : u8, b) -> int undoes f { return a }
        activate h() { return }

        sequence i() {
            /// About it.
            return
        }

        sequence j() {
            when a { b <- 1 }
        }

        save k()
        save l() -> int undoes k
        """,
    ),
    "simple statements": (
        """
        sequence f() { let a=b let c:u8=d a.b[i].c<-e save a,b restore c f(a,b) g() hypcall f(a)
            isb dsb(sy)then isb orders A,B before reads of C warn if a assert b may change A,B
            leave x }
        """,
        """
        sequence f() {
            let a = b
            let c : u8 = d
            a.b[i].c <- e
            save a, b
            restore c
            f(a, b)
            g()
            hypcall f(a)
            isb
            dsb(sy) then isb orders A, B before reads of C
            warn if a
            assert b
            may change A, B
            leave x
        }
        """,
    ),
    "modify": (
        "sequence f() { modify A[0] { x<-1 } modify B { x<-1 longer<-2 } }",
        """
        sequence f() {
            modify A[0] { x <- 1 }
            modify B {
                x <- 1
                longer <- 2
            }
        }
        """,
    ),
    "blocks": (
        """
        sequence f() {
            each i below n { save a[i] } each i in 0..n { save a save b }
            holding l { } block out { leave out } when a { each i below n { save a[i] } }
            when b { @via(x) save a }
        }
        """,
        """
        sequence f() {
            each i below n { save a[i] }
            each i in 0..n {
                save a
                save b
            }
            holding l {}
            block out { leave out }
            when a {
                each i below n { save a[i] }
            }
            when b {
                @via(x)
                save a
            }
        }
        """,
    ),
    "else": (
        """
        sequence f() {
            when a { save b } else { save c }
            when a { save b } else when c { save d }
            when a { save b } else when c { } else { save d }
            when a { save b } else when c { } else { save d save e }
            when a { } else { save d save e }
            when a { save d save e } else { }
            when a { save the_first_of_two_very_very_long_names } else { save the_second_of_two_long_names }
            when a { save the_first_of_two_very_very_long_names } else { save the_second_of_two_long_names1 }
        }
        """,
        """
        sequence f() {
            when a { save b } else { save c }
            when a { save b }
            else when c { save d }
            when a { save b }
            else when c {}
            else { save d }
            when a {
                save b
            } else when c {} else {
                save d
                save e
            }
            when a {} else {
                save d
                save e
            }
            when a {
                save d
                save e
            } else {}
            when a { save the_first_of_two_very_very_long_names } else { save the_second_of_two_long_names }
            when a { save the_first_of_two_very_very_long_names }
            else { save the_second_of_two_long_names1 }
        }
        """,
    ),
    "match": (
        "sequence f() { match a falling { 7 { save b } 6 { save b save c } else { } } match b { } }",
        """
        sequence f() {
            match a falling {
                7 { save b }
                6 {
                    save b
                    save c
                }
                else {}
            }
            match b {}
        }
        """,
    ),
    "lifecycle": (
        """
        lifecycle l { load when a { f() }
            /// Again.
            each trip { a { } } either { a { f() } } or { } or { each b { } }
        }
        """,
        """
        lifecycle l {
            load when a { f() }
            /// Again.
            each trip {
                a {}
            }
            either {
                a { f() }
            } or {} or {
                each b {}
            }
        }
        """,
    ),
    "invariant and scenario": (
        """
        invariant i at a,b "why" { x implies y }
        scenario "s" { given a,not b,c[0]=1 run a,b expect a==b at c expect d guest { a<-1 } }
        """,
        """
        invariant i at a, b "why" {
            x implies y
        }

        scenario "s" {
            given a, not b, c[0] = 1
            run a, b
            expect a == b at c
            expect d
            guest { a <- 1 }
        }
        """,
    ),
    "differences": (
        """
        differs to a.b at c,d "why" { R.F,A<n> when n>2 s
            // Only this one.
            s[1].F when not x or y }
        differs to a at c "why" {}
        """,
        """
        differs to a.b at c, d "why" {
            R.F, A<n> when n > 2
            s
            // Only this one.
            s[1].F when not x or y
        }

        differs to a at c "why" {}
        """,
    ),
    "dialect": (
        """
        dialect l for c { read register is "a" write A<n> is "b","c" long.name is "d"
            local x:"t *" is "e"
            file "a","b" holds f_*,g { type t is "u" include "x","y" }
            header "h" declares f_*
            header "i" declares f_*{include "x"} header "j" declares f {}
            in g { } in * { op o is "p" } }
        """,
        """
        dialect l for c {
            read  register is "a"
            write A<n>     is "b", "c"
            long.name      is "d"
            local x : "t *" is "e"
            file "a", "b" holds f_*, g {
                type t is "u"
                include "x", "y"
            }
            header "h" declares f_*
            header "i" declares f_* {
                include "x"
            }
            header "j" declares f {}
            in g {}
            in * {
                op o is "p"
            }
        }
        """,
    ),
}


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_example(text: str, expected: str) -> None:
    assert hold(text) == dedent(expected).removeprefix("\n")


EXPRESSIONS = {
    "(a)": "a",
    "((a + b)) + c": "a + b + c",
    "a + (b + c)": "a + (b + c)",
    "a * (b + c) - d": "a * (b + c) - d",
    "(a << 1) & (b | c) ^ d": "((a << 1) & (b | c)) ^ d",
    "a << 1 & b | c": "((a << 1) & b) | c",
    "a | b ^ c & d << e + f * g": "a | (b ^ (c & (d << (e + f * g))))",
    "(a | b) | (c | d)": "a | b | (c | d)",
    "((a & b) & c) == (d << 1)": "a & b & c == d << 1",
    "(a * b) & (c - 1)": "(a * b) & (c - 1)",
    "(a * b) + (c * d) - (e << 1)": "a * b + c * d - (e << 1)",
    "f((a & b)) | c[(n + 1)]": "f(a & b) | c[n + 1]",
    "(a == b) == (c != d)": "(a == b) == (c != d)",
    "not (not (a and b))": "not not (a and b)",
    "(not a) and not (b == c)": "not a and not b == c",
    "(not a) == b": "(not a) == b",
    "(a implies b) implies (c implies d)": "(a implies b) implies c implies d",
    "a or (b and c) or (d or e)": "a or b and c or (d or e)",
    "(a with b = 1) with c = (d with e = 2)": "a with b = 1 with c = (d with e = 2)",
    "(a implies b) with c = d implies e": "a implies b with c = d implies e",
    "(a with b = 1) implies c": "(a with b = 1) implies c",
    "f((a with b = 1), g(), h(i[(j)].k))": "f(a with b = 1, g(), h(i[j].k))",
    "(hypcall f(a)) + 1": "hypcall f(a) + 1",
    "every n in 0..k: ((a implies b)) and c": "every n in 0..k: (a implies b) and c",
    "a <(b)": "a < b",
    "A<n>.x[B<m>-1]": "A<n>.x[B<m> - 1]",
}


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS.items())
def test_expression(text: str, expected: str) -> None:
    assert hold(f"sequence f() {{ return {text} }}") == f"sequence f() {{ return {expected} }}\n"


# ---- long lines

LONG = {
    "before an operator, the loosest first": (
        """
        sequence f() {
            let the_value_of_something = a_first_condition and another_condition or a_third_condition and more
        }
        """,
        """
        sequence f() {
            let the_value_of_something = a_first_condition and another_condition
                    or a_third_condition and more
        }
        """,
    ),
    "outside rather than inside of brackets": (
        """
        sequence f() {
            a_function_with_a_long_name(another_function(the_first_argument, the_second), the_third_argument)
        }
        """,
        """
        sequence f() {
            a_function_with_a_long_name(another_function(the_first_argument, the_second),
                    the_third_argument)
        }
        """,
    ),
    "before the words of a clause": (
        """
        sequence f() {
            isb then dsb(sy) orders writes of A_REGISTER, ANOTHER_REGISTER before reads of THE_LAST_REGISTER, LAST
        }
        """,
        """
        sequence f() {
            isb then dsb(sy) orders writes of A_REGISTER, ANOTHER_REGISTER
                    before reads of THE_LAST_REGISTER, LAST
        }
        """,
    ),
    "the head of a block": (
        """
        sequence f() {
            when a_first_condition_that_is_very_long and another_condition_that_is_long or a_third_condition {
                save a
            }
        }
        """,
        """
        sequence f() {
            when a_first_condition_that_is_very_long and another_condition_that_is_long
                    or a_third_condition {
                save a
            }
        }
        """,
    ),
    "no column where it would make a line too long": (
        """
        dialect d for c {
            a is "this string is so long that it would not fit if the column were moved to the right"
            a_name.that_is_longer is "short"
        }
        """,
        """
        dialect d for c {
            a is "this string is so long that it would not fit if the column were moved to the right"
            a_name.that_is_longer is "short"
        }
        """,
    ),
    "a string that fits on no line stays where it is": (
        f'platform p "{"x" * 120}"',
        f'platform p "{"x" * 120}"\n',
    ),
    "a string that fits on the next line goes there": (
        f'platform p "{"x" * 88}"',
        f'platform p\n        "{"x" * 88}"\n',
    ),
    "enumerators below each other": (
        """
        register A : 64 {
            a [1:0] { TheFirst = 0, TheSecond = 1, TheThirdOfThem = 2, TheFourthAndTheLastOfAllOfThem = 3000000 }
        }
        """,
        """
        register A : 64 {
            a [1:0] {
                TheFirst                       = 0,
                TheSecond                      = 1,
                TheThirdOfThem                 = 2,
                TheFourthAndTheLastOfAllOfThem = 3000000
            }
        }
        """,
    ),
}


@pytest.mark.parametrize(("text", "expected"), LONG.values(), ids=LONG.keys())
def test_long_line(text: str, expected: str) -> None:
    assert hold(text) == dedent(expected).removeprefix("\n")


@pytest.mark.parametrize("operator", ["+", "or", "implies", "with x ="])
def test_long_chain(operator: str) -> None:
    text = f"sequence f() {{ return {f'a {operator} ' * 90}b }}"
    laid_out = formatted(text)
    assert formatted(laid_out) == laid_out
    assert laid_out.split() == text.split()
    assert max(map(len, laid_out.split("\n"))) <= 100


def test_many_negations() -> None:
    text = f"sequence f() {{ return {'not ' * 90}b }}\n"
    assert formatted(formatted(text)).split() == text.split()


def test_deep_blocks() -> None:
    text = f"sequence f() {{ {'when a { ' * 98} save b {'}' * 98} }}"
    assert hold(text).count("when a {") == 98
