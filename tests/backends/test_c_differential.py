"""Compiled C does what the IR says: random sequences, random inputs, access for access.

What C leaves undefined is dealt with so: signed numbers wrap (`-fwrapv`, as kernels are built), and
shifts by a variable amount are kept below the width by the generator (see `test_c_generator`).

`VGS_BATCHES=100 pytest …` runs more than the default; the seed of a batch is in its test's name.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections import ChainMap
from pathlib import Path
from random import Random

import pytest

from dsl.backends.c import draft
from dsl.ir.program import Module, Program
from dsl.ir.shapes import Register
from dsl.ir.types import Bool, Handle, Int
from dsl.resolve.hints import Layout
from tests.backends.test_c_evaluator import Returned, World
from tests.backends.test_c_generator import PARAMS, Generator, base

#: Of the first batch; the following ones count up from it.
SEED = 20180403
BATCHES = int(os.environ.get("VGS_BATCHES", "6"))
FUNCTIONS = 50
INPUTS = 8

PRELUDE = """
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef long long s64;
typedef _Bool bool;
#define BIT(n) (1ULL << (n))
#define GENMASK(h, l) ((~0ULL >> (63 - (h))) & (~0ULL << (l)))
#define FIELD_GET(m, v) (((v) & (m)) >> __builtin_ctzll(m))
#define FIELD_PREP(m, v) (((u64)(v) << __builtin_ctzll(m)) & (m))
struct box {
\tu64 s64, like_a;
\tu32 s32, like_w, arr[4], few;
\tint si;
\tu16 s16;
\tu8 s8;
\tbool sb;
};
struct vcpu {
\tstruct box box;
} vcpu;
struct { int what, which; u64 value; } trace[100000];
int traced;
u32 fact, now;
u64 regs[R_COUNT];
static u64 rd(int r)
{
\ttrace[traced].what = 0;
\ttrace[traced].which = r;
\ttrace[traced++].value = regs[r];
\treturn regs[r];
}
static void wr(u64 value, int r)
{
\ttrace[traced].what = 1;
\ttrace[traced].which = r;
\ttrace[traced++].value = value;
\tregs[r] = value;
}
static u32 test_now(void)
{
\ttrace[traced].what = 2;
\ttrace[traced].which = 0;
\ttrace[traced++].value = 0;
\treturn now ? 64 : 0;
}
"""


class Traced(ctypes.Structure):
    _fields_ = (
        ("what", ctypes.c_int),
        ("which", ctypes.c_int),
        ("value", ctypes.c_uint64),
    )


class Box(ctypes.Structure):
    _fields_ = (
        ("s64", ctypes.c_uint64),
        ("like_a", ctypes.c_uint64),
        ("s32", ctypes.c_uint32),
        ("like_w", ctypes.c_uint32),
        ("arr", ctypes.c_uint32 * 4),
        ("few", ctypes.c_uint32),
        ("si", ctypes.c_int32),
        ("s16", ctypes.c_uint16),
        ("s8", ctypes.c_uint8),
        ("sb", ctypes.c_bool),
    )


_C_TYPES = {"u8": ctypes.c_uint8, "u16": ctypes.c_uint16, "u32": ctypes.c_uint32}
_C_TYPES |= {"u64": ctypes.c_uint64, "int": ctypes.c_int32, "bool": ctypes.c_bool}


def elements(program: Program) -> list[str]:
    made: list[str] = []
    for r in program.registers.values():
        made += [r.element(r.first + i) for i in range(r.count)] if r.banked else [r.name]
    return made


def c_of(seed: int) -> tuple[Program, dict[str, tuple[str, str]], set[str]]:
    start, workspace = base()
    generator = Generator(start, Random(seed))
    sequences = tuple(generator.sequence(f"f{i}") for i in range(FUNCTIONS))
    program = Program("g", (*start.modules, Module("g", sequences=sequences)))
    (loaded,) = (each for each in workspace._loaded.values() if each is not None)
    made = draft(
        program,
        loaded.resolved.dialects[0],
        {"t": loaded.resolved.layout, "g": Layout(statements=generator.hints)},
    )
    refused = set()
    for finding in made.findings:
        if finding.code == "VGS073":
            found = re.search(r"which `(\w+)` needs", finding.message)
            assert found is not None
            assert "order" in finding.message
            refused.add(found[1])
    (file,) = made.files
    texts = {}
    for each in file[1]:
        signature = "\n".join(map(str, each.signature))
        texts[each.name] = (signature, "\n".join(map(str, each.body)))
    return program, texts, refused


def compiled(program: Program, texts: dict[str, tuple[str, str]], folder: Path) -> ctypes.CDLL:
    names = ", ".join(f"R_{name}" for name in elements(program))
    text = f"enum {{ {names}, R_COUNT }};" + PRELUDE
    text += "".join(f"{signature};\n" for signature, _ in texts.values())
    text += "".join(f"{signature}\n{{\n{body}\n}}\n" for signature, body in texts.values())
    source, library = folder / "batch.c", folder / "batch.so"
    source.write_text(text)
    flags = ["-std=gnu11", "-O1", "-fwrapv", "-Werror=parentheses", "-shared", "-fPIC"]
    done = subprocess.run(
        ["gcc", *flags, "-o", str(library), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


def some(random: Random, type: Int | Bool) -> int:
    if isinstance(type, Bool):
        return random.randrange(2)
    edges = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, -1)
    if random.random() < 0.5:
        return type.wrap(random.choice(edges))
    return type.wrap(random.getrandbits(64))


class Case:
    """One set of inputs, run on both sides."""

    def __init__(self, program: Program, random: Random) -> None:
        self.program = program
        self.args = {n: some(random, t) for n, t in PARAMS if not isinstance(t, Handle)}
        self.world = World(sequences=program.sequences)
        for register in program.registers.values():
            for name in self._elements(register):
                self.world.registers[name] = some(random, register.type)
        for name, slot in program.slots.items():
            for i in range(slot.length or 1):
                value = some(random, slot.type)
                self.world.slots[name, i] = value % 10 if name == "few" else value
        self.world.facts = {"fact": random.randrange(2), "now": random.randrange(2)}

    def _elements(self, register: Register) -> list[str]:
        if not register.banked:
            return [register.name]
        return [register.element(register.first + i) for i in range(register.count)]

    def in_c(self, library: ctypes.CDLL, name: str) -> tuple[object, ...]:
        names = elements(self.program)
        regs = (ctypes.c_uint64 * len(names)).in_dll(library, "regs")
        for i, each in enumerate(names):
            regs[i] = self.world.registers[each]
        box = Box.in_dll(library, "vcpu")
        for (slot, i), value in self.world.slots.items():
            if slot == "arr":
                box.arr[i] = value
            else:
                setattr(box, slot, value)
        ctypes.c_uint32.in_dll(library, "fact").value = 0x20 * self.world.facts["fact"]
        ctypes.c_uint32.in_dll(library, "now").value = self.world.facts["now"]
        traced = ctypes.c_int.in_dll(library, "traced")
        traced.value = 0
        function = library[name]
        result = self.program.sequences[name].signature.result
        function.restype = None if result is None else ctypes.c_uint64
        function.argtypes = [ctypes.c_void_p, *(_C_TYPES[str(t)] for _, t in PARAMS[1:])]
        returned = function(ctypes.addressof(box), *self.args.values())
        trace = (Traced * 100000).in_dll(library, "trace")
        events = []
        for event in trace[: traced.value]:
            kind = ("read", "write", "test")[event.what]
            events.append((kind, "now" if event.what == 2 else names[event.which], event.value))
        slots = {
            key: int(box.arr[key[1]] if key[0] == "arr" else getattr(box, key[0]))
            for key in self.world.slots
        }
        return returned, events, slots

    def in_ir(self, name: str) -> tuple[object, ...]:
        sequence = self.program.sequences[name]
        result = None
        try:
            self.world.run(sequence.body or (), ChainMap({"vcpu": 0, **self.args}))
        except Returned as returned:
            result = returned.args[0] if sequence.signature.result is not None else None
        return result, self.world.trace, self.world.slots


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
@pytest.mark.parametrize("seed", range(SEED, SEED + BATCHES))
def test_compiled_c_does_what_the_ir_says(seed: int, tmp_path: Path) -> None:
    program, texts, refused = c_of(seed)
    assert len(refused) <= FUNCTIONS // 5
    library = compiled(program, texts, tmp_path)
    random = Random(seed)
    for name in texts:
        if not name.startswith("f") or name in refused:
            continue
        for _ in range(INPUTS):
            case = Case(program, random)
            c = case.in_c(library, name)
            assert case.in_ir(name) == c, "\n".join(texts[name])


def test_the_same_program_gives_the_same_c() -> None:
    assert c_of(SEED)[1] == c_of(SEED)[1]
