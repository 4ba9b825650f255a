"""Pieces of C text: parentheses, patterns, lines of eighty columns, comments."""

from __future__ import annotations

import pytest

from dsl.backends.c.jumps import anchored
from dsl.backends.c.text import (
    POSTFIX,
    PRODUCT,
    SUM,
    UNARY,
    CText,
    Line,
    binary,
    comment,
    declarator,
    fill,
    precedence_of,
    unary,
    wrapped,
)


def shown(lines: list[Line]) -> str:
    return "\n".join(map(str, lines)).expandtabs(8)


@pytest.mark.parametrize(
    ("text", "precedence"),
    [
        ("a", POSTFIX),
        ("f(a + b)[c]->d", POSTFIX),
        ("-1", UNARY),
        ("(u64)x", UNARY),
        ("&v->lock", UNARY),
        ("a + b * c", SUM),
        ("a * -b", PRODUCT),
        ("(a + b) * c", PRODUCT),
    ],
)
def test_how_tightly_a_pattern_binds(text: str, precedence: int) -> None:
    assert precedence_of(text) == precedence


@pytest.mark.parametrize(
    ("pattern", "value", "made"),
    [
        ("f($value)", "a + b", "f(a + b)"),
        ("f(1, $value)", "a + b", "f(1, a + b)"),
        ("f(~$value)", "a + b", "f(~(a + b))"),
        ("!$value", "!a", "!!a"),
        ("-$value", "-1", "-(-1)"),
        ("$value & BIT(3)", "a | b", "(a | b) & BIT(3)"),
        ("$value->x", "a", "a->x"),
        ("regs.x = $value", "a + b", "regs.x = a + b"),
        ("x == $value", "a + b", "x == (a + b)"),
    ],
)
def test_a_value_in_a_pattern(pattern: str, value: str, made: str) -> None:
    assert fill(pattern, {"value": CText(value, precedence_of(value))}).text == made


def test_operators_that_people_confuse_are_kept_apart() -> None:
    a, b, c = CText("a"), CText("b"), CText("c")
    assert binary(binary(a, "&", b), "|", c).text == "(a & b) | c"
    assert binary(a, "<<", binary(b, "+", c)).text == "a << (b + c)"
    assert binary(binary(a, "&", b), "==", c).text == "(a & b) == c"
    assert binary(binary(a, "<", b), "==", c).text == "(a < b) == c"
    assert binary(binary(a, "&&", b), "||", c).text == "(a && b) || c"
    assert binary(binary(a, "==", b), "&&", c).text == "a == b && c"
    assert binary(unary("!", a), "&", b).text == "(!a) & b"
    assert binary(binary(a, "-", b), "-", binary(b, "-", c)).text == "a - b - (b - c)"


def test_a_short_line_stays() -> None:
    assert shown(wrapped(1, "write(a, b);")) == "        write(a, b);"


def test_arguments_go_on_under_the_bracket() -> None:
    text = "write_sysreg(read_sysreg(some_reg_el2) & ~SOME_REGISTER_ENABLE_BIT, some_reg_el2);"
    assert shown(wrapped(1, text)) == (
        "        write_sysreg(read_sysreg(some_reg_el2) & ~SOME_REGISTER_ENABLE_BIT,\n"
        "                     some_reg_el2);"
    )


def test_conditions_break_after_the_operator() -> None:
    text = "if (first_condition_of_this_test() || second_condition_of_this_test(a, b)) {"
    assert shown(wrapped(1, text)) == (
        "        if (first_condition_of_this_test() ||\n"
        "            second_condition_of_this_test(a, b)) {"
    )


def test_a_line_breaks_as_far_out_as_it_can() -> None:
    text = "x->value = (x->value & ~GENMASK(30, 23)) | FIELD_PREP(GENMASK(30, 23), some_value + 1);"
    assert shown(wrapped(1, text)) == (
        "        x->value = (x->value & ~GENMASK(30, 23)) |\n"
        "                   FIELD_PREP(GENMASK(30, 23), some_value + 1);"
    )


def test_after_a_bracket_closes_the_line_goes_on_under_what_is_assigned() -> None:
    inner = "some_value_that_is_long_enough & ~(SOME_MASK_OF_A_FIELD | ANOTHER_MASK_OF_A_FIELD)"
    text = f"x = ({inner}) | A_THIRD_MASK_THAT_IS_LONG | A_FOURTH_MASK_THAT_IS_LONG;"
    assert shown(wrapped(0, text)) == (
        "x = (some_value_that_is_long_enough &\n"
        "     ~(SOME_MASK_OF_A_FIELD | ANOTHER_MASK_OF_A_FIELD)) |\n"
        "    A_THIRD_MASK_THAT_IS_LONG | A_FOURTH_MASK_THAT_IS_LONG;"
    )


def test_a_declaration_with_an_initialiser() -> None:
    text = (
        "struct some_context *some_context = the_context_that_belongs_to(vcpu->arch.some_context);"
    )
    assert shown(wrapped(1, text)) == (
        "        struct some_context *some_context =\n"
        "                the_context_that_belongs_to(vcpu->arch.some_context);"
    )


def test_what_cannot_be_broken_stays_whole() -> None:
    name = "a" * 90
    assert shown(wrapped(1, f"{name}();")) == f"        {name}();"


def test_comments() -> None:
    assert shown(comment(1, ("Short.",))) == "        /* Short. */"
    assert shown(comment(0, ("First.", "", "Second."))) == "/*\n * First.\n *\n * Second.\n */"
    assert shown(comment(0, ("Ends */ here, /* begins.",))) == "/* Ends * / here, / * begins. */"
    assert comment(0, ()) == []
    assert comment(0, ("",)) == []


def test_a_comment_that_just_fits_and_one_that_does_not() -> None:
    assert len(comment(0, ("x" * 74,))) == 1
    assert len(comment(0, ("x" * 75,))) == 3


def test_long_comments_are_filled_paragraph_by_paragraph() -> None:
    words = "memory-mapped " * 7
    made = shown(comment(1, (words.strip(), "", "Next.")))
    assert made == (
        "        /*\n"
        "         * memory-mapped memory-mapped memory-mapped memory-mapped memory-mapped\n"
        "         * memory-mapped memory-mapped\n"
        "         *\n"
        "         * Next.\n"
        "         */"
    )


def test_pointers() -> None:
    assert declarator("struct kvm_vcpu *", "vcpu") == "struct kvm_vcpu *vcpu"
    assert declarator("u64", "val") == "u64 val"


def test_a_label_needs_a_statement() -> None:
    out, end = Line(0, "out:"), Line(1, "}")
    assert shown(anchored([out])) == "out:\n        ;"
    assert shown(anchored([out, Line(0, ""), end])) == "out:\n                ;\n        }"
    assert shown(anchored([out, Line(1, "f();")])) == "out:\n        f();"
