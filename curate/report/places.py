"""Where a finding is, as services outside know it: relative to the folder the command was typed in.

Findings name paths relative to the data set. A code host knows paths relative to its checkout, and commands
are run there; a data set that lies elsewhere keeps paths of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from curate.report.model import Report
from curate.tree import display, name_to_text, text_to_name


@dataclass(frozen=True)
class Places:
    """A folder, and how to name what lies in the data set from there."""

    base: Path  # absolute: the working folder if the data set is in it, else the data set
    prefix: PurePosixPath  # from there to the data set, as `tree.py` carries names

    @classmethod
    def of(cls, report: Report) -> Places:
        """Raises OSError where the working folder is gone."""
        here = Path.cwd()
        root = report.root.absolute()
        if not root.is_relative_to(here):
            return cls(root, PurePosixPath("."))
        return cls(here, PurePosixPath(name_to_text(root.relative_to(here).as_posix())))

    def shown(self, path: str) -> str:
        """The path in words: odd bytes and control characters as \\xNN."""
        return display(str(self.prefix / path))

    def uri(self, path: str) -> str:
        """The path as a relative reference of RFC 3986: bytes of the name, percent-encoded."""
        whole = quote(os.fsencode(text_to_name(str(self.prefix / path))))  # colons too: no scheme
        return "./" if whole == "." else whole

    @property
    def base_uri(self) -> str:
        """The folder as an absolute file URI that ends in a slash."""
        return f"{self.base.as_uri().rstrip('/')}/"
