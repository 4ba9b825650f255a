"""A C text cut into its top-level pieces: whole files, and what hunks show of them."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.compare.declarations import cut
from dsl.compare.tokens import lex


def pieces(text, **how):
    return [(p.kind, p.names[0] if p.names else None) for p in cut(lex(text), **how)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("void f(void);\n", [("prototype", "f")]),
        ("static int __hyp_text f(int a)\n{\n\tif (a) {\n\t}\n}\n", [("function", "f")]),
        ("static struct x *\nf(int a)\n{\n}\n", [("function", "f")]),
        ("static inline void f(void) { g(); }\nint h(void);\n", ["f", "h"]),
        ('static void __section(".x") f(int a) __acquires(l)\n{\n}\n', [("function", "f")]),
        ("static __printf(1, 2) void f(int a);\n", [("prototype", "f")]),
        ("int (*hook)(int a);\n", [("other", "hook")]),
        ("static const int f[] = { 1, g(2) };\n", [("other", "f")]),
        ("struct s {\n\tint (*f)(void);\n};\nint g(void);\n", ["s", "g"]),
        ("enum {\n\tA,\n\tB\n};\n", [("other", "enum {A")]),
        ("typedef int t(void);\n", [("other", "t")]),
        ("EXPORT_SYMBOL(f);\nEXPORT_SYMBOL(g);\n", ["EXPORT_SYMBOL(f)", "EXPORT_SYMBOL(g)"]),
        ("DEFINE_KEY(a)\nvoid f(void)\n{\n}\n", ["DEFINE_KEY(a)", "f"]),
        ("SYSCALL_DEFINE1(a, int, b)\n{\n}\nint g;\n", ["SYSCALL_DEFINE1(a,int,b)", "g"]),
        ("DEV_START(a, b)\n\t.x = 1,\nDEV_END\n\n#ifdef A\nint f(void);\n#endif\n", None),
        ("#define F(x) \\\n{ \\\n\tx\nint g(void);\n", [("macro", "F"), ("prototype", "g")]),
        ("#include <a/b.h>\n#ifdef A\n", [("include", "#include <a/b.h>"), "#ifdef A"]),
        ('extern "C" {\nint f(void);\n}\n', [("part", None), "f", ("part", None)]),
        ('__asm__(".x");\nint f(void);\n', ['__asm__(".x")', "f"]),
        ("int a __aligned(4) = 3;\n", [("other", "a")]),
    ],
)
def test_what_a_file_declares(text, found):
    made = pieces(text)
    if found is None:  # an oddity that must not hide what comes after it
        assert ("prototype", "f") in made
        return
    for one, expected in zip(made, found, strict=True):
        assert one == expected or one[1] == expected


def test_branches_that_each_open_a_block_do_not_swallow_the_rest():
    text = "int f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\n\n"
    assert pieces(text + "int g(void)\n{\n}\n") == [("function", "f"), ("function", "g")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\treturn 1;\n}\n\nvoid f(void)\n{\n", [("part", None), ("function", "f")]),
        ("{\n\tint a;\n", [("part", None)]),
        ("out:\n\tg();\n}\nvoid f(int a,\n", [("part", None), ("other", "f")]),
        ("\t\t int b);\nvoid f(void);\n", [("part", None), ("prototype", "f")]),
        ("\t} while (0)\nvoid f(void)\n{\n", [("part", None), ("function", "f")]),
        ("\t.a = 1,\n} name;\nint f(void);\n", [("part", None), ("prototype", "f")]),
        ("\nvoid f(void)\n{\n\tg();\n", [("function", "f")]),
        ("#endif\n\tg();\n", [("part", None)]),
        ("#endif\nint f(void);\n", [("directive", "#endif"), ("prototype", "f")]),
        ("\tg();\n#ifdef A\n\th();\n}\n", [("part", None)]),
        ("foo(void)\n{\n", [("function", "foo(void)")]),
    ],
)
def test_what_a_hunk_shows(text, found):
    assert pieces(text, whole=False) == found


def test_a_hunk_that_begins_inside_a_macro():
    made = cut(
        lex("\ta; \\\n\tb;\nvoid f(void);\n", in_directive=True), whole=False, in_directive=True
    )
    assert [p.names for p in made] == [(), ("f",)]


C = st.lists(
    st.sampled_from(
        [
            *"fx(){};=# *:,[]'",
            *("\n", "\n}\n", "\n#if a\n", "\\\n", "/*", "*/", "\nint g(void)\n{\n"),
            *("extern ", '"C"', "struct "),
        ]
    )
)


@settings(deadline=None)
@given(C, st.booleans(), st.booleans())
def test_every_token_is_in_one_piece_and_there_is_always_an_end(parts, whole, in_directive):
    lexed = lex("".join(parts), in_directive=in_directive)
    made = cut(lexed, whole=whole, in_directive=in_directive)
    assert [p.first for p in made] == [0, *(p.last for p in made)][: len(made)]
    assert not made or made[-1].last == len(lexed)
    assert all(p.first < p.last for p in made)


@pytest.mark.parametrize(
    "text",
    [
        "a {} " * 60_000,
        "f(" + "x, " * 60_000 + ") " + "a ) " * 60_000,
        "a " * 300_000,
        "(" * 300_000,
        "#if\n" * 60_000,
        "f(a)\n" * 60_000,
    ],
    ids=["braces", "call", "words", "open", "directives", "calls"],
)
def test_odd_texts_take_time_in_proportion(text):
    lexed = lex(text)
    begun = time.perf_counter()
    cut(lexed)
    assert time.perf_counter() - begun < 20
