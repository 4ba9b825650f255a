"""The reference case as a patch: git makes the after tree of the before tree."""

from pathlib import Path

import pytest

from dsl.cli import main

ROOT = Path(__file__).parents[2]
SUBJECT = "KVM: arm/arm64: Avoid VGICv3 save/restore on VHE with no IRQs, said once more"
MESSAGE = "From the generated files.\n\nReviewed-by: B. Reader <reader@example.org>\n"
WRITTEN = {
    "--author": "A. Writer <writer@example.org>",
    "--date": "2018-01-12T13:07:47+01:00",
}


def tree(case):
    top = ROOT / "generated" / case / "c"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def outline(mail):
    """The header and the message of a mail, and the lines of its diff that are not in hunks."""
    head, _, rest = mail.partition(b"\n---\n")
    about = (b"diff ", b"index ", b"new ", b"deleted ", b"--- ", b"+++ ")
    return head, [line for line in rest.split(b"\n") if line.startswith(about)]


@pytest.mark.parametrize("context", [1, 3, 8])
def test_git_takes_it_and_writes_it_likewise(repository, monkeypatch, tmp_path, context):
    monkeypatch.chdir(ROOT)
    before, after = tree("before"), tree("after")
    assert before != after
    file = tmp_path / "made.patch"
    options = {"-o": file, "-U": context, "--subject": SUBJECT, "--message": MESSAGE, **WRITTEN}
    words = [str(word) for option in options.items() for word in option]
    assert main(["patch", "before", "after", "--signoff", *words]) == 0
    with repository(before) as there:
        (there.folder / ".git/info/attributes").write_text("*.[ch] diff=cpp\n")
        there.git("am", "-q", input=file.read_bytes())
        assert there.tree() == after
        said = there.git("log", "-1", "--format=%an <%ae>%n%aI%n%B").decode()
        assert said == (
            "A. Writer <writer@example.org>\n2018-01-12T13:07:47+01:00\n"
            f"{SUBJECT}\n\n{MESSAGE}Signed-off-by: A. Writer <writer@example.org>\n\n"
        )
        written = there.git(
            *("-c", "core.abbrev=12", "format-patch", "-1", "--stdout", "--zero-commit"),
            *("--no-renames", f"-U{context}"),
        )
        ours, theirs = (outline(mail) for mail in (file.read_bytes(), written))
        assert ours == theirs
