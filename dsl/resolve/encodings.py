"""Encodings of registers: operands within what instructions can name, each used once."""

from __future__ import annotations

from dsl.diagnostics import Note
from dsl.diagnostics.registers import BadRegister, SharedEncoding
from dsl.ir.shapes import Encoding, Register
from dsl.resolve.constants import constant
from dsl.resolve.scope import Scope
from dsl.syntax import tree as t

#: The greatest operands of an encoding: op0, op1, CRn, CRm, op2; coproc, opc1, CRn, CRm, opc2.
_OPERANDS = {"aarch64": (3, 7, 15, 15, 7), "aarch32": (15, 7, 15, 15, 7)}


def encodings(
    scope: Scope, node: t.Register, first: int, count: int, var: str | None
) -> tuple[Encoding, ...]:
    """The encodings of a register, for each element of a bank; what is wrong is reported."""
    made: list[Encoding] = []
    for encoding in node.encodings:
        architecture = encoding.architecture.text if encoding.architecture else "aarch64"
        if architecture not in _OPERANDS:
            assert encoding.architecture is not None
            scope.found.add(
                BadRegister(
                    scope.span(encoding.architecture),
                    f"no architecture `{architecture}`: aarch64 or aarch32",
                )
            )
            continue
        greatest = _OPERANDS[architecture]
        for i in range(max(1, count)):
            parts = []
            for operands in encoding.operands:
                values = [constant(scope, o, {var: first + i} if var else {}) for o in operands]
                if None in values:
                    return tuple(made)
                numbers = tuple(v for v in values if v is not None)
                if len(numbers) != len(greatest) or any(
                    not 0 <= n <= g for n, g in zip(numbers, greatest, strict=False)
                ):
                    shown = ", ".join(f"0..{g}" for g in greatest)
                    scope.found.add(
                        BadRegister(
                            scope.span(encoding),
                            f"({', '.join(map(str, numbers))}) is no {architecture} encoding",
                            help=f"five operands within {shown}",
                        )
                    )
                    return tuple(made)
                parts.append(numbers)
            made.append(Encoding(architecture, first + i if var else None, tuple(parts)))
    return tuple(made)


def check_encodings(scope: Scope, registers: list[Register]) -> None:
    """Reports two registers with one encoding."""
    seen: dict[tuple[str, tuple[int, ...]], tuple[str, Register]] = {}
    for register in registers:
        for encoding in register.encodings:
            name = register.name if encoding.index is None else register.element(encoding.index)
            for part in encoding.parts:
                other = seen.setdefault((encoding.architecture, part), (name, register))
                if other[1] is not register:
                    scope.found.add(
                        SharedEncoding(
                            register.span,
                            f"{name} has the same {encoding.architecture} encoding as {other[0]}",
                            (Note(other[1].span, "declared here"),),
                        )
                    )
