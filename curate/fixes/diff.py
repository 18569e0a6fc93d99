"""A plan, shown: unified diffs of decoded text, one line for what has no text."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from curate.fixes.plan import FileChange, Plan
from curate.formats.encoding import decode
from curate.tree import display, display_line


def diff(plan: Plan) -> str:
    """Every change of a plan, sorted by path; "" where nothing changes.

    Both sides are decoded by their own encoding, and a re-encoding is said aloud. Control characters are
    written as \\xNN: an annotation must not be able to steer the terminal it is shown on.
    """
    return "".join(f"{line}\n" for change in plan.changes for line in _lines(change, plan))


def _lines(change: FileChange, plan: Plan) -> Iterator[str]:
    path = display(change.path)
    if change.new is None:
        if not any(other.renamed_from == change.path for other in plan.changes):
            yield f"remove {path}"
        return
    if change.renamed_from is not None:
        before = next((c.old for c in plan.changes if c.path == change.renamed_from), None)
        note = "" if before == change.new else f", {_sizes(before, change.new)}"
        yield f"rename {display(change.renamed_from)} -> {path}{note}"
        return
    old, new = _text(change.path, change.old), _text(change.path, change.new)
    if old is None or new is None:
        yield f"binary {path}: {_sizes(change.old, change.new)}"
        return
    (old_text, old_encoding), (new_text, new_encoding) = old, new
    if change.old is not None and old_encoding != new_encoding:
        yield f"encoding {path}: {old_encoding} -> {new_encoding}"
    for line in difflib.unified_diff(
        _split(old_text), _split(new_text), f"a/{path}", f"b/{path}", lineterm=""
    ):
        yield display_line(line.rstrip("\r"))


def _text(path: str, content: bytes | None) -> tuple[str, str] | None:
    """Text and encoding of an annotation or a list; None for bytes that are neither."""
    if content is None:
        return "", "utf-8"
    if path.lower().endswith(".xml"):
        decoded = decode(content)
        return decoded.text, decoded.encoding + ("-bom" if decoded.bom else "")
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return None


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    # what follows the last line end is no line
    return lines[:-1] if lines[-1] == "" else [*lines[:-1], f"{lines[-1]} (no line end)"]


def _sizes(old: bytes | None, new: bytes) -> str:
    return f"{len(old or b''):,} -> {len(new):,} bytes"
