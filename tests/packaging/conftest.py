"""The archives that are published, and an environment that has nothing but the wheel."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from importlib import metadata
from pathlib import Path

import pytest
from filelock import FileLock
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


class Archives:
    """A wheel and an sdist as a folder holds them, and the sdist unpacked."""

    def __init__(self, folder):
        (self.wheel,) = folder.glob("*.whl")
        (self.sdist,) = folder.glob("*.tar.gz")
        self.tree = folder / self.sdist.name.removesuffix(".tar.gz")


class Installed:
    """An environment and its programs."""

    def __init__(self, folder):
        paths = {"base": str(folder), "platbase": str(folder)}
        self.site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        self.programs = Path(sysconfig.get_path("scripts", "venv", vars=paths))
        self.python = self.programs / "python"


def build(source, folder, *targets):
    """Builds what the project in ``source`` publishes, as any front end would."""
    options = [option for target in targets for option in ("-t", target)]
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *options]
    # What Python keeps of the build hook would lie in the tree that is judged.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=source, check=True, capture_output=True, env=env)


def once(tmp_path_factory, name, make):
    """A folder that one worker of a run makes, and all of them use."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, made = shared / name, shared / f"{name}.made"
    with FileLock(shared / f"{name}.lock"):
        if not made.exists():
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def archives(tmp_path_factory):
    def make(folder):
        build(ROOT, folder, "sdist", "wheel")
        (sdist,) = folder.glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")

    return Archives(once(tmp_path_factory, "archives", make))


@pytest.fixture(scope="session")
def installed(tmp_path_factory, archives):
    """A fresh environment with the wheel, and with what its metadata says that it needs.

    The wheel is installed by pip.  The rest is linked from the environment that runs the tests,
    distribution by distribution, so that what the metadata forgets is missing.
    """

    def make(folder):
        venv.create(folder)
        to = Installed(folder)
        pip = [sys.executable, "-m", "pip", "--python", str(to.python), "install"]
        subprocess.run(
            [*pip, "-q", "--no-deps", "--no-index", str(archives.wheel)],
            check=True,
            capture_output=True,
        )
        (own,) = metadata.distributions(path=[str(to.site)])
        for distribution in _needed(own, {}).values():
            _link(distribution, to.site)

    return Installed(once(tmp_path_factory, "installed", make))


@pytest.fixture(scope="session")
def with_pytest(tmp_path_factory):
    """A folder that makes pytest importable, and what it needs: vgs itself does not."""

    def make(folder):
        folder.mkdir()
        own = metadata.distribution("pytest")
        for distribution in (own, *_needed(own, {}).values()):
            _link(distribution, folder)

    return once(tmp_path_factory, "with_pytest", make)


def _needed(distribution, found):
    for text in distribution.requires or ():
        requirement = Requirement(text)
        if requirement.name not in found and (
            requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ):
            found[requirement.name] = metadata.distribution(requirement.name)
            _needed(found[requirement.name], found)
    return found


def _link(distribution, site):
    for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
        (site / top).symlink_to(distribution.locate_file(top))
