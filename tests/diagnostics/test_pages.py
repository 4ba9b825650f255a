"""Codes, titles and pages: stable, complete, and made for a terminal."""

from __future__ import annotations

import pytest

from dsl.diagnostics import Diagnostic, catalogue

#: A code, once given, never means anything else.  Add to this list; change nothing in it.
CODES = {
    "VGS001": "MissingFile",
    "VGS002": "NotReadable",
    "VGS003": "NotUtf8",
    "VGS004": "NulByte",
    "VGS005": "ImportCycle",
    "VGS006": "TooDeep",
    "VGS010": "UnexpectedCharacter",
    "VGS011": "UnexpectedWord",
    "VGS012": "Unfinished",
    "VGS013": "KeywordAsName",
    "VGS014": "UnexpectedEnd",
    "VGS015": "TooManyErrors",
    "VGS020": "UnknownName",
    "VGS021": "DuplicateName",
    "VGS022": "WrongKindOfName",
    "VGS023": "Unused",
    "VGS024": "UseBeforeDefinition",
    "VGS025": "BadHint",
    "VGS030": "OverlappingBits",
    "VGS031": "UndeclaredBits",
    "VGS032": "BitsOutOfRange",
    "VGS033": "DuplicateEnumerator",
    "VGS034": "BadRegister",
    "VGS035": "ReadOnly",
    "VGS036": "WriteOnly",
    "VGS037": "SharedEncoding",
    "VGS038": "CircularBehaviour",
    "VGS039": "LayoutsMixed",
    "VGS040": "TypeMismatch",
    "VGS041": "OutOfRange",
    "VGS042": "LosesBits",
    "VGS043": "IndexOutOfRange",
    "VGS044": "WrongArguments",
    "VGS045": "NoValue",
    "VGS046": "NotConstant",
    "VGS047": "NotLinked",
    "VGS048": "LinkShape",
    "VGS050": "BrokenPromise",
    "VGS051": "UnbalancedLock",
    "VGS052": "NoOrder",
    "VGS053": "BadBarrier",
    "VGS054": "Misplaced",
    "VGS055": "NoHandle",
    "VGS056": "Recursive",
    "VGS057": "BadPartner",
    "VGS058": "NotDefined",
    "VGS059": "EmptyRange",
    "VGS060": "Unreachable",
    "VGS070": "NotAPattern",
    "VGS071": "UsedOnce",
    "VGS072": "UnknownVariable",
    "VGS073": "NoSpelling",
    "VGS074": "NoFile",
    "VGS075": "TwoFiles",
    "VGS076": "SpeltTwice",
    "VGS080": "BadProject",
    "VGS090": "ScenarioFails",
    "VGS091": "CannotBeRun",
    "VGS092": "NoSuchMachine",
    "VGS093": "HoldsAfterAll",
    "VGS094": "Undecided",
    "VGS100": "NotYetVisible",
    "VGS101": "StateLost",
    "VGS102": "StateLeaks",
    "VGS103": "InvariantBroken",
    "VGS104": "RuleNotKept",
    "VGS105": "StopsHere",
    "VGS106": "Differs",
    "VGS107": "Broader",
    "VGS108": "BitsLost",
    "VGS110": "TooWeak",
    "VGS111": "OrdersNothing",
    "VGS112": "NoBarrier",
    "VGS113": "OtherGuard",
    "VGS114": "OneKindOnly",
    "VGS115": "NotGivenBack",
    "VGS116": "StaleCopy",
    "VGS117": "OrderBroken",
    "VGS118": "UsedTooEarly",
    "VGS119": "NotAllChecked",
}

PAGES = pytest.mark.parametrize("kind", catalogue().values(), ids=lambda kind: kind.code)


def test_codes_are_stable() -> None:
    known = {code: kind.__name__ for code, kind in catalogue().items()}
    assert {code: known.get(code) for code in CODES} == CODES
    assert set(known) == set(CODES), "a new code belongs in the list above"


def test_no_two_classes_share_a_code() -> None:
    kinds = [k for k in Diagnostic.__subclasses__() if k.code]
    assert len({k.code for k in kinds}) == len(kinds)


@PAGES
def test_the_page_says_something_and_fits_a_terminal(kind: type[Diagnostic]) -> None:
    lines = kind.page().splitlines()
    assert len(lines) > 2
    assert [line for line in lines if len(line) > 80] == []


@PAGES
def test_the_page_says_what_to_do(kind: type[Diagnostic]) -> None:
    assert "What to do: " in kind.page()


@PAGES
def test_the_title_is_a_short_phrase(kind: type[Diagnostic]) -> None:
    assert 3 < len(kind.title) < 50
    assert not kind.title.endswith(".")
