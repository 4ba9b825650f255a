"""git itself, away from anybody's configuration: what it makes of a mail is what counts."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "Somebody Else", "EMAIL": "else@example.org"}.items()
}


class Repository:
    """A repository in a folder of its own, with one commit that has the files of a tree."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def git(self, *argv, input=None, **env):
        """What a git command prints."""
        done = subprocess.run(
            ["git", *argv],
            cwd=self.folder,
            input=input,
            capture_output=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "GIT_CONFIG_NOSYSTEM": "1",
                # It goes away: nothing need be on the disk.
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "core.fsync",
                "GIT_CONFIG_VALUE_0": "none",
                "GIT_CEILING_DIRECTORIES": str(self.folder.parent),
                **IDENTITY,
                **env,
            },
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (done.stdout, done.stderr, input)
        return done.stdout

    def commit(self, tree):
        self.git("init", "-q", "--template=")
        (self.folder / ".git/info").mkdir()
        self.fill(tree)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "before")

    def fill(self, tree):
        for path, data in tree.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def tree(self):
        """The files, but for git's own."""
        return {
            file.relative_to(self.folder).as_posix(): file.read_bytes()
            for file in self.folder.rglob("*")
            if file.is_file() and file.relative_to(self.folder).parts[0] != ".git"
        }


@pytest.fixture(scope="session")
def repository():
    """Makes repositories, each gone at the end of its `with`."""
    from contextlib import contextmanager

    @contextmanager
    def make(tree=None):
        with tempfile.TemporaryDirectory() as folder:
            made = Repository(folder)
            if tree is not None:
                made.commit(tree)
            yield made

    return make
