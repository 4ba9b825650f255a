"""Whole functions of a batch: sequences in the lanes of a mask, calls, computed fields."""

from __future__ import annotations

from dsl.backends.batch.access import steady_registers
from dsl.backends.batch.flow import Local, Written
from dsl.backends.batch.listing import Listing
from dsl.backends.batch.nodes import Kind, Node, full, kind_of
from dsl.backends.batch.statements import Statements
from dsl.backends.python.code import site, string
from dsl.backends.python.writer import Writer
from dsl.ir import expr as x
from dsl.ir.bounds import of_type
from dsl.ir.sequence import Effect, Lock, Param, Sequence, Signature
from dsl.ir.shapes import Period, Register
from dsl.ir.types import Bool, Handle, Int
from dsl.ir.walk import assigned, inside

__all__ = ["Function", "computed", "sequence", "steady_registers"]


class Function(Statements):
    """Writes a sequence, and the calls in it."""

    def parameters(self, params: tuple[Param, ...]) -> list[str]:
        """Declares the parameters, and gives their names."""
        found = []
        for param in params:
            name = self.taken.add(_plain(param.name))
            found.append(name)
            if isinstance(param.type, Handle):
                self.declare_handle(param.name, name)
                continue
            kind = kind_of(param.type)
            ones = 1 if isinstance(param.type, Bool) else full(kind)
            if isinstance(param.type, Int) and not param.type.signed:
                ones = param.type.mask
            node = self.graph.make("variable", (), kind, ones, text=name, steady=False)
            known = of_type(param.type) if isinstance(param.type, Int) else None
            self.declare(param.name, Local(node, None if param.name in self.changing else known))
        return found

    def call(self, call: x.Call) -> Node | None:
        """A call in the lanes at hand, and its result."""
        sequence = self.program.sequences.get(call.callee)
        extern = self.program.externs.get(call.callee)
        texts, nodes = self._arguments(call)
        if sequence is None or sequence.body is None:
            if sequence is not None:
                return self._outside(call, sequence.signature, (), (), texts, nodes)
            assert extern is not None
            about = extern.effects, extern.ensures
            return self._outside(call, extern.signature, *about, texts, nodes)
        self.callees.add(call.callee)
        made = f"{self.about.inner[call.callee]}({', '.join(['m', *texts, self.lanes])})"
        result = sequence.signature.result
        found = None
        if result is None:
            self.line(made, *nodes)
        else:
            assert isinstance(result, Int | Bool)
            name = self.fresh("r")
            self.line(f"{name} = masks.copyof({made})", *nodes)
            found = self._result_of(name, result)
        self.forget()
        if call.callee in self.about.failing:
            self.fails = True
            exits, self.exits = self.exits, {"m.dead": None}
            self.leave_out(exits)
        return found

    def _result_of(self, name: str, type: Int | Bool) -> Node:
        kind = kind_of(type)
        signed = isinstance(type, Int) and type.signed
        ones = full(kind) if signed or isinstance(type, Bool) else type.mask
        return self.graph.make("variable", (), kind, ones, text=name, steady=False)

    def _arguments(self, call: x.Call) -> tuple[list[str], list[Node]]:
        """The arguments as text, with blanks for the nodes among them."""
        plain = [a for a in call.args if not isinstance(a.type, Handle)]
        nodes = self.values(*plain)
        for node in nodes:
            # The callee may store to the place while it still asks for the argument.
            node.kept |= node.place is not None
        texts, at = [], 0
        for arg in call.args:
            if isinstance(arg.type, Handle):
                assert isinstance(arg, x.Var)
                texts.append(self.handle(arg.name))
            else:
                texts.append(f"{{{at}}}")
                at += 1
        return texts, nodes

    def _outside(
        self,
        call: x.Call,
        signature: Signature,
        effects: tuple[Effect, ...],
        ensures: tuple[x.Expr, ...],
        texts: list[str],
        nodes: list[Node],
    ) -> Node | None:
        """A call of what the user has to supply."""
        needs = [string(p.name) for e in effects for p in e.places if isinstance(p, Lock)]
        at, name = self.site(call.span), string(signature.name)
        rest = f"{name}, {_tuple(texts)}, {_tuple(needs)}, {at})"
        found = None
        if signature.result is None:
            self.narrowed(f"m.call({self.lanes}, {rest}", *nodes)
        else:
            assert isinstance(signature.result, Int | Bool)
            result, mask = self.fresh("r"), self.fresh("w")
            type = self.type_text(signature.result)
            self.line(f"{result}, {mask} = m.call_for({self.lanes}, {type}, {rest}", *nodes)
            found = self.gone_on(result, mask, signature.result)
        self.forget()
        plain = iter(nodes)
        locals: dict[str, Local] = {}
        handles: dict[str, str] = {}
        for param, text in zip(signature.params, texts, strict=True):
            if isinstance(param.type, Handle):
                handles[param.name] = text
            else:
                locals[param.name] = Local(next(plain))
        for param in signature.params:
            if isinstance(param.type, Handle) and _owners(signature, param.type.root) == 1:
                handles[param.type.root] = handles[param.name]
        for promise in ensures:
            if not _checkable(promise, signature):
                continue
            with self.quietly(locals, handles):
                holds = self.value(promise)
            said = self.quoted(promise)
            self.narrowed(f"m.ensure({self.lanes}, {{0}}, {name}, {said}, {at})", holds)
        return found

    # ---- the text

    def finish(self, writer: Writer) -> dict[Kind, int]:
        """Writes what has been collected, and gives the buffers in use, by kind."""
        base: dict[Kind, int] = {}
        for callee in self.callees:
            for kind, count in self.about.buffers[callee].items():
                base[kind] = max(base.get(kind, 0), count)
        listing = Listing(self.items, self.about.constant, base)
        body = Writer()
        listing.write(body)
        by_kind: dict[Kind, list[str]] = {}
        for kind, count in listing.buffers.items():
            start = base.get(kind, 0)
            by_kind[kind] = [f"{kind}_{start + i}" for i in range(count)]
        for name, kind in self.variables:
            by_kind.setdefault(kind, []).append(name)
        used = dict(base)
        for kind, names in sorted(by_kind.items()):
            start = base.get(kind, 0)
            targets = ", ".join(names) + ("," if len(names) == 1 else "")
            writer.line(f'{targets} = m.buffers("{kind}", {start}, {len(names)})')
            used[kind] = start + len(names)
        writer.extend(body)
        return used


def sequence(about: Written, sequence: Sequence) -> str:
    """What a sequence with a body does in the lanes of a mask."""
    assert sequence.body is not None
    signature = sequence.signature
    function = Function(about, assigned(sequence.body), signature.result)
    params = function.parameters(signature.params)
    function.mask = "w"
    ended = function.body(sequence.body)
    result = signature.result
    if result is not None and not ended:
        what = string(f"{sequence.name} ends without a result")
        function.narrowed(f'm.refuse({function.lanes}, "", {what})')
    if isinstance(result, Int | Bool):
        place = function.result_place
        if place is not None:
            function.forget({place.family})
            function.line("return {0}", function.load(place))
        elif not ended:
            function.line("return {0}", function.graph.const(0, kind_of(result)))
    writer = Writer()
    name = about.inner[sequence.name]
    types = [_annotation(about, p) for p in signature.params]
    given = [f"{n}: {t}" for n, t in zip(params, types, strict=True)]
    back = "Any" if result is not None else "None"
    head = f"def {name}({', '.join(['m: Machine', *given, 'w: masks.Mask'])}) -> {back}:"
    about.uses.update(("Any",) if result is not None else ())
    writer.comment([site(signature.span)])
    with writer.block(head):
        about.buffers[sequence.name] = function.finish(writer)
    if function.fails:
        about.failing.add(sequence.name)
    return writer.text


def computed(about: Written, register: Register) -> str:
    """A function that gives the value of a register, with what is computed."""
    function = Function(about)
    kind = kind_of(register.type)
    graph = function.graph
    held = graph.make("variable", (), kind, text="stored", steady=False)
    at: Node | None = None
    if register.banked:
        index = "np.int32(register.index)"
        function.line(f"index = {index}")
        shown = graph.make("variable", (), "s32", text="index", steady=True)
        at = graph.sub(shown, graph.const(register.first, "s32"))
    value = function.computed(register, at, held)
    function.line("return {0}", value)
    writer = Writer()
    name = about.names.computed[register.name]
    about.uses.update(("Any", "Register"))
    with writer.block(f"def {name}(m: Machine, register: Register, stored: Any) -> Any:"):
        function.finish(writer)
    return writer.text


def _annotation(about: Written, param: Param) -> str:
    if isinstance(param.type, Handle):
        return about.names.classes[param.type.root]
    about.uses.add("Any")
    return "Any"


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _plain(name: str) -> str:
    """A name that none of the writer's own can be: those are letters and numbers."""
    return f"{name}_" if any(c.isdigit() for c in name) else name


def _owners(signature: Signature, root: str) -> int:
    return sum(isinstance(p.type, Handle) and p.type.root == root for p in signature.params)


def _checkable(promise: x.Expr, signature: Signature) -> bool:
    """Whether a promise can be checked after a call.

    One about a fact that is asked anew at each test cannot: asking again is another answer.
    """
    for part in inside(promise):
        match part:
            case x.Test(condition=condition) if condition.period is Period.TEST:
                return False
            case x.ReadSlot(base=""):
                pass
            case x.Test(base=str() as base) | x.ReadSlot(base=base):
                if _owners(signature, base) != 1:
                    return False
            case _:
                pass
    return True
