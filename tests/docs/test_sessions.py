"""Pages that are sessions show what happens to whoever types them.

``python -m tests.docs.test_sessions`` writes into the pages what comes out now.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from tests.docs.session import ROOT, blocks, followed

PAGES = [
    path
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if re.search(r"^```\w+ file=", path.read_text(encoding="utf-8"), re.MULTILINE)
]


def test_the_pages_that_are() -> None:
    assert {"porting.md", "tutorial.md"} <= {path.name for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_shows_what_happens(path: Path, tmp_path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    seen = 0
    for block, shown in followed(page, tmp_path):
        assert block.text == shown
        seen += 1
    assert seen == sum(block.language == "console" for block in blocks(page)) > 0


def main() -> None:
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            for block, shown in reversed(list(followed(page, Path(folder)))):
                page = page[: block.start] + shown + page[block.end :]
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
