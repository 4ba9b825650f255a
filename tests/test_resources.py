"""Where the package finds its files, and where it may keep caches."""

import pytest

from dsl import resources
from dsl.failures import CannotRun


@pytest.fixture(autouse=True)
def _afresh(monkeypatch, tmp_path):
    monkeypatch.delenv("VGS_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    resources.cache_folder.cache_clear()
    yield
    resources.cache_folder.cache_clear()


@pytest.mark.parametrize("name", ["grammar", "templates", "sequences"])
def test_the_folders_that_ship_are_there(name):
    assert any(resources.folder(name).iterdir())


def test_an_installation_without_its_files_says_so():
    with pytest.raises(CannotRun) as raised:
        resources.folder("no-such-folder")
    assert "no-such-folder" in raised.value.message
    assert "install it again" in raised.value.help


def test_the_cache_is_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resources.cache_folder() == tmp_path / ".cache" / "vgs"


def test_a_cache_that_is_named_is_used(monkeypatch, tmp_path):
    monkeypatch.setenv("VGS_CACHE", "here")
    assert resources.cache_folder().resolve() == tmp_path / "here"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VGS_CACHE", "off"),
        ("VGS_CACHE", "/dev/null/below"),
        ("HOME", "/dev/null"),
        # What is left where the user has no home.
        ("HOME", "~"),
        ("XDG_CACHE_HOME", "relative"),
    ],
)
def test_where_no_folder_can_be_had_nothing_is_made(name, value, monkeypatch, tmp_path):
    monkeypatch.setenv(name, value)
    assert resources.cache_folder() is None
    assert not any(tmp_path.iterdir())
