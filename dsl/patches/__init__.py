"""The change between two trees of files as mail for `git am`: a diff as git's, and a letter.

`difference` gives what differs, file by file, `mail` puts it under the header and the message of
a `Letter`.  Nothing here reads a clock, the configuration of git, or a file.
"""

from dsl.patches.difference import Difference, FileChange, NotText, difference
from dsl.patches.letter import Author, Letter, author_of, letter, moment
from dsl.patches.mail import mail

__all__ = [
    "Author",
    "Difference",
    "FileChange",
    "Letter",
    "NotText",
    "author_of",
    "difference",
    "letter",
    "mail",
    "moment",
]
