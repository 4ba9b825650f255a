"""Whether a condition always holds: seen from its form, refuted by an example, from a table of all
cases, or asked of z3."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

from dsl.failures import CannotRun
from dsl.verify.budget import Budget, Spent
from dsl.verify.symbolic.known import Known
from dsl.verify.symbolic.tables import possible
from dsl.verify.symbolic.term import SAMPLES, Term, evaluate, example, sample, symbols
from dsl.verify.symbolic.terms import Terms

if TYPE_CHECKING:
    from dsl.verify.symbolic import Limits

#: How often a goal is taken apart by the choices in it before a solver is asked.
_DEEPEST = 40

#: A question is small that takes no more than this part of what it may.
_SMALL = 20

#: More cases than these are a solver's business.
_MOST_CASES = 12


def z3() -> Any:
    """The module of the solver.  Raises `CannotRun` where it is not installed, or not whole."""
    try:
        # It prints what it does not find.
        with nullcontext() if "z3" in sys.modules else redirect_stdout(StringIO()):
            import z3 as module
    except ImportError as error:
        raise CannotRun(
            "this proof needs z3, which is not installed", "pip install 'vgs[prove]'"
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        raise CannotRun(
            f"z3, which this proof needs, cannot be loaded: {' '.join(str(error).split())}",
            "there may be too little memory for it",
        ) from error
    return module


@contextmanager
def _lacking() -> Iterator[None]:
    """Raises MemoryError where z3 has no memory."""
    try:
        yield
    except z3().Z3Exception as error:
        if "memory" in str(error):
            raise MemoryError from error
        raise


class Solver:
    """Decides conditions over one set of terms; ``asked`` counts what went to z3.

    ``assumed`` are conditions that hold everywhere.  ``rlimit`` bounds one question, in z3's own
    units of work, so that an answer does not depend on how fast the machine is.  Where the
    ``budget`` is spent there is no answer: `Spent` is raised.
    """

    def __init__(self, terms: Terms, rlimit: int = 20_000_000) -> None:
        self.terms = terms
        self.assumed: tuple[Term, ...] = ()
        self.rlimit = rlimit
        self.budget: Limits | None = None
        self.asked = self.seen = self.refuted = self.tabled = self.unknown = 0
        self._symbols: dict[Term, set[Term]] = {}
        self._translated: dict[Term, Any] = {}
        self._known: dict[tuple[tuple[Term, bool], ...], Known] = {}
        self._fits: dict[tuple[Term, ...], list[int]] = {}
        self._answers: dict[tuple[Term, ...], bool | None] = {}
        #: What writes of registers become.
        self.legal: dict[tuple[object, ...], Term] = {}
        #: What others found out under the same assumptions.
        self.kept: dict[tuple[object, ...], Any] = {}
        self._under: dict[tuple[Term, ...], tuple[Any, Any, Any]] = {
            (): (self._fits, self._answers, self.kept)
        }

    def assume(self, conditions: tuple[Term, ...]) -> None:
        """What holds everywhere from now on."""
        if conditions != self.assumed:
            self.assumed = conditions
            self._fits, self._answers, self.kept = self._under.setdefault(conditions, ({}, {}, {}))

    # ---- simplifying

    def known(self, *facts: tuple[Term, bool]) -> Known:
        found = self._known.get(facts)
        if found is None:
            found = self._known[facts] = Known(self.terms, facts)
        return found

    def under(self, path: Term, term: Term) -> Term:
        """A term, where ``path`` holds."""
        if path.op == "const" or term.op == "const":
            return term
        return self.known((path, True)).of(term)

    # ---- deciding

    def holds(self, goal: Term, given: Iterable[Term] = ()) -> bool | None:
        """Whether ``goal`` holds wherever ``given`` does; None where nobody can say."""
        if goal is self.terms.true:
            return True
        facts = tuple(dict.fromkeys(g for g in given if g is not self.terms.true))
        key = (goal, *facts)
        if key not in self._answers:
            self._answers[key] = self._decided(goal, facts)
        return self._answers[key]

    def _decided(self, goal: Term, facts: tuple[Term, ...]) -> bool | None:
        known = self.known(*((f, True) for f in facts))
        if known.dead or self._plain(known.of(goal), _DEEPEST):
            self.seen += 1
            return True
        if self._example(goal, facts) is not None:
            self.refuted += 1
            return False
        told = self._tabled(goal, facts)
        if told is not None:
            self.tabled += 1
            return told
        if self._by_cases(goal, facts):
            self.seen += 1
            return True
        if self._built(goal, facts, known):
            self.refuted += 1
            return False
        found = self.can(self.terms.not_(goal), facts)
        return None if found is None else not found

    def _tabled(self, goal: Term, facts: tuple[Term, ...]) -> bool | None:
        """Whether each part of a goal holds in all cases; None where there are too many."""
        made: bool | None = True
        for part in sorted(self.terms.conjuncts(goal), key=lambda t: t.number):
            wrong = possible((self.terms.not_(part), *facts, *self.assumed))
            if wrong:
                return False
            if wrong is None:
                made = None
        return made

    def equal(self, a: Term, b: Term, given: Iterable[Term] = ()) -> bool | None:
        return True if a is b else self.holds(self.terms.eq(a, b), given)

    def _by_cases(self, goal: Term, facts: tuple[Term, ...]) -> bool:
        """Whether the form of a goal shows that it holds in each case that the facts leave."""
        cases: list[tuple[tuple[Term, bool], ...]] = [()]
        for fact in facts:
            if fact.op == "not" and fact.args[0].op == "and":
                parts = fact.args[0].args
                ways = [
                    (*((p, True) for p in parts[:at]), (part, False))
                    for at, part in enumerate(parts)
                ]
            else:
                ways = [((fact, True),)]
            if len(cases) * len(ways) > _MOST_CASES:
                return False
            cases = [(*case, *way) for case in cases for way in ways]
        if len(cases) == 1:
            return False
        for case in cases:
            known = self.known(*case)
            if not known.dead and not self._plain(known.of(goal), _DEEPEST):
                return False
        return True

    def _plain(self, goal: Term, depth: int) -> bool:
        """Whether the form of a goal shows that it holds, by looking at each choice in it."""
        if goal.op == "const":
            return bool(goal.value)
        if depth <= 0:
            return False
        if goal.op == "and":
            return all(self._plain(part, depth - 1) for part in goal.args)
        if goal.op == "not" and goal.args[0].op == "and":
            # One of several: where all but one do not hold, the last one must.
            parts = goal.args[0].args
            for each in parts:
                rest = tuple((p, True) for p in parts if p is not each)
                known = self.known(*rest)
                if known.dead:
                    return True
                left = self.terms.not_(known.of(each))
                if left is not self.terms.not_(each) and self._plain(left, depth - 1):
                    return True
            return False
        if goal.op == "eq":
            a, b = goal.args
            for one, other in ((a, b), (b, a)):
                if one.op == "ite":
                    for truth in (True, False):
                        known = self.known((one.args[0], truth))
                        side = one.args[1] if truth else one.args[2]
                        left = self.terms.eq(known.of(side), known.of(other))
                        if not (known.dead or self._plain(left, depth // 2)):
                            return False
                    return True
        return False

    def _example(self, goal: Term, facts: tuple[Term, ...]) -> int | None:
        """The number of a sample in which the facts hold and the goal does not."""
        return next((n for n in self.fits(facts) if not sample(goal, n)), None)

    def fits(self, facts: tuple[Term, ...]) -> list[int]:
        """The samples in which some facts hold."""
        found = self._fits.get(facts)
        if found is None:
            everything = (*facts, *self.assumed)
            found = [n for n in range(SAMPLES) if all(sample(f, n) for f in everything)]
            self._fits[facts] = found
        return found

    def _built(self, goal: Term, facts: tuple[Term, ...], known: Known) -> bool:
        """Whether values that the facts ask for, and others at random, refute a goal."""
        everything = (*facts, *self.assumed)
        for number in range(4):
            values: dict[Term, int] = {}
            for each in sorted(self._unknowns((goal, *facts)), key=lambda t: t.number):
                low, high = known.range_of(each)
                value = example(each, number + 4)
                values[each] = value if low <= value <= high else (high if number & 1 else low)
            made: dict[Term, int] = {}
            if not evaluate(goal, values, made) and all(
                evaluate(f, values, made) for f in everything
            ):
                return True
        return False

    def _unknowns(self, asked: tuple[Term, ...]) -> set[Term]:
        found: set[Term] = set()
        for each in asked:
            if each not in self._symbols:
                self._symbols[each] = symbols(each)
            found |= self._symbols[each]
        return found

    def check(self) -> None:
        """Raises `Spent` where the budget is."""
        why = self.budget.spent() if self.budget is not None else ""
        if why:
            raise Spent(why)

    def can(self, goal: Term, given: Iterable[Term] = ()) -> bool | None:
        """Whether ``goal`` can hold; None where z3 gives up."""
        if goal is self.terms.false:
            return False
        asked = (goal, *given)
        # Most questions are small: it takes longer to prepare them well than to answer them.
        for logic, rlimit in (("QF_FD", self.rlimit // _SMALL), ("QF_BV", self.rlimit)):
            with _lacking():
                found, _ = self._ask(asked, logic, rlimit)
            if found is not None:
                return found
        self.unknown += 1
        return None

    def model(self, goal: Term, given: Iterable[Term] = ()) -> tuple[bool, dict[Term, int]] | None:
        """Whether ``goal`` can hold, and values with which it does; None where z3 gives up."""
        if goal is self.terms.false:
            return False, {}
        asked = (goal, *given)
        with _lacking():
            found, solver = self._ask(asked, "QF_BV", self.rlimit)
            if not found:
                self.unknown += found is None
                return None if found is None else (False, {})
            made = solver.model()
            values: dict[Term, int] = {}
            for unknown in self._unknowns((*asked, *self.assumed)):
                value = made.eval(self._translate(unknown), model_completion=True)
                whole = unknown.width
                values[unknown] = value.as_long() if whole else int(z3().is_true(value))
        return True, values

    def _ask(self, asked: tuple[Term, ...], logic: str, rlimit: int) -> tuple[bool | None, Any]:
        """Whether all that is asked can hold at once (None: z3 gives up), and the solver."""
        self.check()
        api = z3()
        solver = api.SolverFor(logic)
        solver.set("rlimit", rlimit)
        if isinstance(self.budget, Budget) and self.budget.left is not None:
            solver.set("timeout", 1 + int(1000 * self.budget.left))
        everything = (*asked, *self.assumed)
        for each in everything:
            solver.add(self._translate(each))
        for unknown in sorted(self._unknowns(everything), key=lambda t: t.number):
            if unknown.width:
                most = (1 << unknown.width) - 1
                if unknown.lo > 0:
                    solver.add(api.UGE(self._translate(unknown), unknown.lo))
                if unknown.hi < most:
                    solver.add(api.ULE(self._translate(unknown), unknown.hi))
        self.asked += 1
        answer = solver.check()
        if answer in (api.sat, api.unsat):
            return answer == api.sat, solver
        # What the clock ends is no answer that would be the same on another machine.
        self.check()
        return None, solver

    def _translate(self, term: Term) -> Any:
        found = self._translated.get(term)
        if found is None:
            args = [self._translate(a) if isinstance(a, Term) else a for a in term.args]
            found = self._translated[term] = _made(z3(), term, args)
        return found


def _made(api: Any, term: Term, args: list[Any]) -> Any:
    match term.op:
        case "const":
            return api.BitVecVal(args[0], term.width) if term.width else api.BoolVal(bool(args[0]))
        case "sym":
            name = f"{args[0]}#{term.number}"
            return api.BitVec(name, term.width) if term.width else api.Bool(name)
        case "not":
            return api.Not(args[0])
        case "and" if term.width == 0:
            return api.And(*args)
        case "eq":
            return args[0] == args[1]
        case "ult":
            return api.ULT(args[0], args[1])
        case "ite":
            return api.If(args[0], args[1], args[2])
        case "ext":
            return api.Extract(args[1] + term.width - 1, args[1], args[0])
        case "cat":
            return api.Concat(*reversed(args))
        case "and":
            return args[0] & args[1]
        case "or":
            return args[0] | args[1]
        case "xor":
            return args[0] ^ args[1]
        case "add":
            return args[0] + args[1]
        case "sub":
            return args[0] - args[1]
        case "mul":
            return args[0] * args[1]
        case "shl":
            return args[0] << args[1]
        case "lshr":
            return api.LShR(args[0], args[1])
        case "ashr":
            wide = api.BitVecVal(term.width, term.width)
            return api.If(api.ULT(args[1], wide), args[0] >> args[1], api.BitVecVal(0, term.width))
        case other:
            raise AssertionError(other)
