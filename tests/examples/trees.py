"""The real source trees that examples are compared with: found on this machine, or fetched.

A tree is looked for below the folder that ``VGS_TREES`` names, as ``linux-6.1`` there.  With
``VGS_FETCH=1`` it is taken from Debian's archive by apt-get, which must know the package, and the
few files that are needed are kept in a cache.  Without either, what needs a tree is skipped.
Nothing of a tree is ever part of this project.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

#: How long a command may take, in seconds.
_PATIENCE = 240
#: The trees that this process failed to fetch, and why: it does not try again.
_ABSENT: dict[str, str] = {}


class UnavailableError(Exception):
    """This machine's archive does not have the tree."""


@dataclass(frozen=True)
class Tree:
    """A tree of a Debian release: ``files`` are the paths in it that examples are compared with.

    ``fetch`` is given an empty folder and the paths, and leaves the tree's files below ``tree/``
    in it; it raises `UnavailableError` where there is nothing to fetch from, and
    `CalledProcessError` where a command fails.
    """

    name: str
    fetch: Callable[[Path, tuple[str, ...]], None]
    files: tuple[str, ...]


def packed(package: str, archive: str) -> Callable[[Path, tuple[str, ...]], None]:
    """Fetches from a tarball inside a binary package, such as Debian's linux-source."""

    def fetch(folder: Path, files: tuple[str, ...]) -> None:
        if not _run(folder, "apt-cache", "search", "--names-only", f"^{package}$"):
            raise UnavailableError(f"apt-get knows no {package}")
        _run(folder, "apt-get", "-q", "download", package)
        (deb,) = folder.glob("*.deb")
        stream = f"dpkg-deb --fsys-tarfile {deb.name} | tar -xO ./{archive} > source.tar.xz"
        _run(folder, "bash", "-o", "pipefail", "-c", stream)
        deb.unlink()
        unpack(folder, folder / "source.tar.xz", files)

    return fetch


def sourced(package: str, release: str) -> Callable[[Path, tuple[str, ...]], None]:
    """Fetches from the tarball of a source package, such as Debian's xen.

    The machine's own lists need not have source packages, and are left alone: apt-get gets lists
    of its own in the folder, from where the machine has its packages of that release.
    """

    def fetch(folder: Path, files: tuple[str, ...]) -> None:
        (folder / "lists" / "partial").mkdir(parents=True)
        form = "$(REPO_URI) $(CODENAME) $(COMPONENT)"
        known = _run(folder, "apt-get", "indextargets", "--format", form, "Identifier: Packages")
        hosts = [line.split()[0] for line in known.splitlines() if f" {release} main" in line]
        if not hosts:
            raise UnavailableError(f"this machine has no packages of Debian's {release}")
        signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        (folder / "sources.list").write_text(f"deb-src {signed} {hosts[0]} {release} main\n")
        own = {
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": folder / "lists",
            "Dir::Cache": folder,
            # As root, apt-get would drop to a user that cannot read the folder, and say so.
            "APT::Sandbox::User": "root",
        }
        options = [word for name, value in own.items() for word in ("-o", f"{name}={value}")]
        _run(folder, "apt-get", "-q", *options, "update")
        _run(folder, "apt-get", "-q", *options, "source", "--download-only", package)
        (archive,) = folder.glob("*.orig.tar.*")
        unpack(folder, archive, files)

    return fetch


def unpack(folder: Path, archive: Path, files: tuple[str, ...]) -> None:
    """The wanted files of an archive that has all of them below one folder."""
    (folder / "tree").mkdir()
    wanted = [f"*/{file}" for file in files]
    options = ("--strip-components=1", "--wildcards", "--no-wildcards-match-slash")
    _run(folder, "tar", "-xf", str(archive), "-C", "tree", *options, *wanted)
    archive.unlink()


def _run(folder: Path, *command: str) -> str:
    if shutil.which(command[0]) is None:
        raise UnavailableError(f"there is no {command[0]}")
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=_PATIENCE
    )
    return done.stdout


TREES = {
    tree.name: tree
    for tree in (
        Tree(
            "linux-6.1",
            packed("linux-source-6.1", "usr/src/linux-source-6.1.tar.xz"),
            (
                "arch/arm64/kvm/arch_timer.c",
                "arch/arm64/kvm/hyp/include/hyp/sysreg-sr.h",
                "arch/arm64/kvm/hyp/nvhe/sysreg-sr.c",
                "arch/arm64/kvm/hyp/nvhe/timer-sr.c",
                "arch/arm64/kvm/hyp/vhe/sysreg-sr.c",
                "include/clocksource/arm_arch_timer.h",
            ),
        ),
        Tree(
            "xen-4.17",
            sourced("xen", "bookworm"),
            (
                "xen/arch/arm/gic-v3.c",
                "xen/arch/arm/include/asm/gic.h",
                "xen/arch/arm/include/asm/gic_v3_defs.h",
            ),
        ),
    )
}


def tree(name: str) -> Path:
    """The folder of a tree; the test that asks is skipped where there is none to be had."""
    wanted = TREES[name]
    given = os.environ.get("VGS_TREES")
    if given:
        folder = Path(given) / name
        missing = _missing(folder, wanted)
        if missing:
            pytest.fail(f"VGS_TREES has no {name}/{missing[0]}")
        return folder
    if os.environ.get("VGS_FETCH") == "1":
        return _fetched(wanted)
    pytest.skip(f"no {name} here: VGS_TREES=DIR names a folder that has it, VGS_FETCH=1 fetches it")


def _missing(folder: Path, wanted: Tree) -> list[str]:
    return [file for file in wanted.files if not (folder / file).is_file()]


def _fetched(wanted: Tree) -> Path:
    """The tree in the cache, fetched by the first process that needs it."""
    if wanted.name in _ABSENT:
        pytest.skip(f"{wanted.name} cannot be fetched: {_ABSENT[wanted.name]}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vgs-trees"
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / wanted.name
    with (cache / f"{wanted.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _missing(home, wanted):
            return home
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            try:
                wanted.fetch(Path(temporary), wanted.files)
            except (UnavailableError, subprocess.TimeoutExpired) as error:
                _ABSENT[wanted.name] = str(error)
            except subprocess.CalledProcessError as error:
                # An archive that does not answer says nothing about the examples.
                _ABSENT[wanted.name] = error.stderr or str(error)
            if wanted.name in _ABSENT:
                pytest.skip(f"{wanted.name} cannot be fetched: {_ABSENT[wanted.name]}")
            shutil.rmtree(home, ignore_errors=True)
            (Path(temporary) / "tree").rename(home)
    missing = _missing(home, wanted)
    if missing:
        pytest.fail(f"what was fetched as {wanted.name} has no {missing[0]}")
    return home
