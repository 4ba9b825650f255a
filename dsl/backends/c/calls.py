"""Calls in C: arguments that are handles, that a prototype converts, or that nothing converts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dsl.backends.c.spelling import Speller
from dsl.backends.c.text import CText
from dsl.backends.c.values import variable
from dsl.ir import expr as x
from dsl.ir.sequence import Signature
from dsl.ir.types import BOOL, Handle, Type


class Calls:
    """Writes calls.

    ``write`` writes an expression, ``normal`` a truth value as 0 or 1, and ``store`` what C
    converts to the type of a parameter.
    """

    def __init__(
        self,
        speller: Speller,
        signatures: Mapping[str, Signature],
        write: Callable[[x.Expr], CText],
        normal: Callable[[x.Expr], CText],
        store: Callable[[x.Expr, Type | None], CText],
    ) -> None:
        self._speller = speller
        self._signatures = signatures
        self._write = write
        self._normal = normal
        self._store = store

    def call(self, value: x.Call) -> CText:
        """A call of a sequence or an extern, perhaps into EL2."""
        signature = self._signatures.get(value.callee)
        types = [p.type for p in signature.params] if signature else [a.type for a in value.args]
        given = self._whole if value.hyp else self._store
        args = [
            self._handle(arg, type_) or given(arg, type_).text
            for arg, type_ in zip(value.args, types, strict=True)
        ]
        if value.hyp:
            call = CText(", ".join([value.callee, *args]))
            return self._speller.required("hypcall", value.span, "kvm_call_hyp($call)", call=call)
        return CText(f"{value.callee}({', '.join(args)})", type=variable(value.type))

    def _handle(self, value: x.Expr, wanted: Type | None) -> str:
        """An argument that is a handle; nothing for any other."""
        if not (
            isinstance(value, x.Var)
            and isinstance(value.type, Handle)
            and isinstance(wanted, Handle)
        ):
            return ""
        return self._speller.narrowed(value.name, value.type, wanted, value.span).text

    def _whole(self, value: x.Expr, type: Type | None) -> CText:
        """An argument that no prototype converts."""
        return self._normal(value) if value.type == BOOL else self._write(value)
