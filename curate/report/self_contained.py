"""What pages of one file share: the files they are made from, and what they forbid themselves."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources


def part(package: str, name: str) -> str:
    """A template, a style or a script that lies beside the code of a page."""
    return (resources.files(package) / name).read_text(encoding="utf-8")


def policy(style: str, script: str | None = None) -> str:
    """The Content-Security-Policy of a page: no source of anything but pictures that are part of it, this
    style and this script."""
    allowed = f"style-src {_only(style)}; " + (f"script-src {_only(script)}; " if script is not None else "")
    return f"default-src 'none'; img-src data:; {allowed}base-uri 'none'; form-action 'none'"


def ascii_only(page: str) -> str:
    """The page in ASCII, so that no terminal and no server can garble a name."""
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _only(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
