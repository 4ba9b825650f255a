"""The C lexer of the comparison: what is one token, where it is, and what is comment."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.compare.tokens import DIRECTIVE_END, MACRO_PAREN, lex

C11 = """[ ] ( ) { } . -> ++ -- & * + - ~ ! / % << >> < > <= >= == != ^ | && || ? : ;
    ... = *= /= %= += -= <<= >>= &= ^= |= , ## <: :> <% %> %: %:%:"""
OPERATORS = C11.split()


def keys(text, **state):
    return lex(text, **state).keys


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a+++b", ["a", "++", "+", "b"]),
        ("a<<=b>>c->d", ["a", "<<=", "b", ">>", "c", "->", "d"]),
        ("f(a,...)", ["f", "(", "a", ",", "...", ")"]),
        ("x&&~y||!z", ["x", "&&", "~", "y", "||", "!", "z"]),
        ("a<::>%:%:b", ["a", "<:", ":>", "%:%:", "b"]),
        ("0x1fUL 1.5e+3f .5 0b1 1..2", ["0x1fUL", "1.5e+3f", ".5", "0b1", "1..2"]),
        ("0xe+1", ["0xe+1"]),  # one pp-number, as C has it
        (r'"a\"b" L"c" u8"d"', [r'"a\"b"', 'L"c"', 'u8"d"']),
        (r"'\'' 'a' L'b'", [r"'\''", "'a'", "L'b'"]),
        ('"/* text */"', ['"/* text */"']),
        ("a/**/b/*/ still */c//d\ne", ["a", "b", "c", "e"]),
        ("_x1 été $y", ["_x1", "été", "$y"]),
        ("a @ ` \\ b", ["a", "@", "`", "\\", "b"]),
        ("isn't over  \nx", ["isn", "'t over", "x"]),
        ('"open', ['"open']),
    ],
)
def test_tokens(text, tokens):
    assert keys(text) == tokens


def test_every_operator_is_one_token():
    for operator in OPERATORS:
        assert keys(f"a {operator} b") == ["a", operator, "b"]


def test_places_count_lines_and_columns_from_one():
    lexed = lex("int a;\n\n\tb /* x\n */ c;")
    places = [(token.text, token.line, token.column) for token in map(lexed.__getitem__, range(6))]
    assert places == [
        ("int", 1, 1),
        ("a", 1, 5),
        (";", 1, 6),
        ("b", 3, 2),
        ("c", 4, 5),
        (";", 4, 6),
    ]


def test_a_directive_ends_where_its_line_ends():
    assert keys("#define A\nb") == ["#", "define", "A", DIRECTIVE_END, "b"]
    assert keys("#define A b") == ["#", "define", "A", "b", DIRECTIVE_END]
    assert keys("x # y\nz") == ["x", "#", "y", "z"]
    assert keys("  /* c */ # if X /* two\nlines */ + 1\ny") == [
        *("#", "if", "X", "+", "1", DIRECTIVE_END, "y")
    ]


def test_the_parenthesis_of_a_function_like_macro_is_its_own():
    assert keys("#define F(x) x")[3] == MACRO_PAREN
    assert keys("#define F (x)")[3] == "("
    assert keys("#define F G(x)")[4] == "("


def test_a_splice_joins_lines_and_places_stay_physical():
    lexed = lex("#define A \\\n\tb\\\r\nc \\\n\nd")
    assert lexed.keys == ["#", "define", "A", "bc", DIRECTIVE_END, "d"]
    assert [(lexed[i].line, lexed[i].column) for i in range(6)] == [
        *((1, 1), (1, 2), (1, 9), (2, 2), (4, 1), (5, 1))
    ]
    assert keys("// a \\\n still comment\nb") == ["b"]


def test_a_text_may_begin_or_end_inside_a_comment_or_a_directive():
    inside = lex(" * words\n */ a", in_comment=True)
    assert (inside.keys, inside.comments, inside.ends_in_comment) == (["a"], [(0, 12)], False)
    assert lex("a /* b").ends_in_comment
    assert lex("a /*/").ends_in_comment
    assert not lex("a /**/").ends_in_comment
    assert lex("words", in_comment=True).ends_in_comment
    assert keys("b \\\n c\nd", in_directive=True) == ["b", "c", DIRECTIVE_END, "d"]
    assert keys("#define A \\\n b \\\n") == ["#", "define", "A", "b"]  # the end is not shown


TOKENS = st.one_of(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
    st.from_regex(r"[0-9][0-9a-f]{0,4}(UL)?", fullmatch=True),
    st.from_regex(r'"([a-z /*\']|\\[n"\\]){0,6}"', fullmatch=True),
    st.from_regex(r"'([a-z\"*]|\\[n'\\])'", fullmatch=True),
    st.sampled_from(OPERATORS),
)
COMMENTS = st.sampled_from(["/* c */", "/**/", "/* a\n * 'b\n */", '// c "\n', "/*//*/"])


@settings(deadline=None)
@given(st.lists(TOKENS, max_size=30))
def test_tokens_on_lines_of_their_own_lex_as_themselves(tokens):
    assert keys("\n".join(tokens)) == tokens


@settings(deadline=None)
@given(st.lists(st.tuples(TOKENS, COMMENTS), max_size=20))
def test_comments_between_tokens_change_nothing(pairs):
    text = " ".join(f"{token} {comment}" for token, comment in pairs)
    assert keys(text) == [token for token, _ in pairs]


@settings(deadline=None)
@given(st.text(alphabet="ab\"'/*\\\n# ()\t\r+-.0", max_size=60))
def test_any_text_is_lexed_and_places_are_in_order(text):
    lexed = lex(text)
    places = [(lexed[i].line, lexed[i].column) for i in range(len(lexed))]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "unit", ["/*", "*", '"', "'", "\\", "\\\n", "#\n", "/", "a ", " ", "0e+", "/*\n*"]
)
def test_garbage_takes_linear_time(unit):
    text = unit * (400_000 // len(unit))
    begun = time.process_time()
    lex(text)
    assert time.process_time() - begun < 4
