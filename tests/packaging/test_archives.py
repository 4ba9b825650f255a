"""The wheel and the sdist hold what belongs in them, and nothing else."""

import os
import re
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

from pathspec import GitIgnoreSpec

from tests.packaging.conftest import ROOT, build


def files(folder, leave_out=()):
    """The files below a folder, by path from it, without those that git would ignore."""
    ignored = GitIgnoreSpec.from_lines([".git/", *leave_out])
    found = set()
    for where, folders, names in os.walk(folder):
        here = Path(where).relative_to(folder)
        folders[:] = [x for x in folders if not ignored.match_file(f"{here / x}/")]
        found |= {str(here / x) for x in names if not ignored.match_file(str(here / x))}
    return found


def checkout():
    return files(ROOT, (ROOT / ".gitignore").read_text().splitlines())


def members(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def stated(metadata):
    fields = HeaderParser().parsestr(metadata)
    return fields["License-Expression"], fields.get_all("License-File")


def test_the_wheel_is_the_package_and_its_data(archives):
    def inside(path):
        if path.startswith(("grammar/", "templates/", "sequences/platforms/")):
            return f"dsl/{path}"
        return path if path.startswith("dsl/") else None

    found = members(archives.wheel)
    wanted = {new: path for path in checkout() if (new := inside(path))}
    assert {x for x in found if ".dist-info/" not in x} == set(wanted)
    assert all(found[new] == (ROOT / path).read_bytes() for new, path in wanted.items())
    assert {"dsl/py.typed", "dsl/grammar/vgs.lark", "dsl/sequences/platforms/gicv3.vgs"} < set(
        found
    )
    (scripts,) = (text for name, text in found.items() if name.endswith("entry_points.txt"))
    points = b"[console_scripts] vgs = dsl.cli:entry [pytest11] vgs = dsl.testing.plugin"
    assert scripts.split() == points.split()


def test_the_sdist_is_the_source_tree(archives):
    found = files(archives.tree)
    assert found - {"PKG-INFO"} == checkout() - {"PKG-INFO"}
    assert not [x for x in found if re.search(r"(^|/)(\.git|\.venv|__pycache__|\.\w+_cache)/", x)]
    with tarfile.open(archives.sdist) as archive:
        assert all(x.isfile() and not x.mode & 0o022 for x in archive)


def test_the_sdist_makes_the_same_wheel(archives, tmp_path):
    build(archives.tree, tmp_path, "wheel")
    assert (tmp_path / archives.wheel.name).read_bytes() == archives.wheel.read_bytes()


def test_each_archive_states_the_licences_of_what_is_in_it(archives):
    whole = (archives.tree / "PKG-INFO").read_text()
    texts = ["LICENSE", "LICENSES/GPL-2.0-only.txt", "LICENSES/MIT.txt"]
    assert stated(whole) == ("MIT AND GPL-2.0-only", texts)

    found = members(archives.wheel)
    (metadata,) = (text for name, text in found.items() if name.endswith("/METADATA"))
    assert stated(metadata.decode()) == ("MIT", ["LICENSE"])
    assert [x for x in found if "/licenses/" in x] == [
        f"{archives.wheel.name.removesuffix('-py3-none-any.whl')}.dist-info/licenses/LICENSE"
    ]
