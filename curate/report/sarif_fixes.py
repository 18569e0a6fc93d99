"""Repairs as SARIF `fixes` (section 3.55): for each file the regions to delete and what comes in their place.

Each is the repair of its finding alone, on the file as it is, which an editor can apply. Edits of an
annotation in UTF-8 are regions of text; everything else is regions of bytes, so that nobody has to guess an
encoding. SARIF has no word for a new name, so a repair that renames a file is left to `--fix`, as is one of
the whole data set.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any

from curate.errors import ChangedMeanwhile, UnsafePath
from curate.findings import Finding, FixClass, Recode, Rename, ReplaceBytes, ReplaceText, spliced
from curate.formats.voc import Document
from curate.report.model import Report
from curate.report.repairs import Repairs
from curate.tree import Tree, display

MAX_READ = 200_000_000  # bytes of files that are read again
MAX_NEW = 1_000_000  # letters that one repair may put in; a re-encoded annotation has a few thousand

Change = dict[str, Any]  # an artifactChange


class Fixes:
    """The `fixes` of one log. Findings are best asked for by place: a file is then read once."""

    def __init__(self, report: Report, artifact: Callable[[str], dict[str, str]]) -> None:
        """`artifact` gives the artifactLocation of a path."""
        self.left_out = 0  # repairs that are not told, because so many were, or because they are so large
        self._tree = Tree(report.root)
        self._repairs = Repairs(report, self._tree)
        self._artifact = artifact
        self._read = 0
        self._last = ""  # the file that was read last

    def of(self, finding: Finding) -> list[dict[str, Any]]:
        """The value of `fixes`: one fix, or none."""
        if finding.fix.safety is FixClass.MANUAL or finding.path == ".":
            return []
        try:
            changes = self._changes(finding)
        except (OSError, UnsafePath, ChangedMeanwhile):
            return []  # the file is not what it was; the finding itself stands
        if not changes:
            return []
        return [{"description": {"text": display(finding.fix.description)}, "artifactChanges": changes}]

    def _changes(self, finding: Finding) -> list[Change]:
        if finding.path != self._last:
            self._last = finding.path
            self._read += self._tree.size(finding.path)
        if self._read > MAX_READ:
            self.left_out += 1
            return []
        document, edits = self._repairs.of(finding)
        if any(isinstance(edit, Rename) for edit in edits):
            return []
        patches = [edit for edit in edits if isinstance(edit, ReplaceBytes)]
        texts = [edit for edit in edits if isinstance(edit, ReplaceText)]
        by_path: dict[str, list[dict[str, Any]]] = {}
        if document is not None and any(isinstance(edit, Recode) for edit in edits):
            by_path[finding.path] = [_recoded(document)]
        elif document is not None and texts:
            by_path[finding.path] = _in_text(document, texts)
        for edit in sorted(patches, key=lambda edit: (edit.path, edit.start)):
            by_path.setdefault(edit.path, []).append(_bytes(edit.start, edit.end, edit.new))
        if sum(map(_size, (one for found in by_path.values() for one in found))) > MAX_NEW:
            self.left_out += 1
            return []
        return [
            {"artifactLocation": self._artifact(path), "replacements": found}
            for path, found in by_path.items()
        ]


def _recoded(document: Document) -> dict[str, Any]:
    return _bytes(0, len(document.raw), document.to_bytes(document.text, recode=True))


def _in_text(document: Document, edits: Iterable[ReplaceText]) -> list[dict[str, Any]]:
    edits = sorted(edits, key=lambda edit: edit.start)
    if document.encoding != "utf-8" or document.decoded.carried:
        new = document.to_bytes(spliced(document.text, [(e.start, e.end, e.new) for e in edits]))
        return [_bytes(0, len(document.raw), new)]
    return [_text(document, edit) for edit in edits]


def _text(document: Document, edit: ReplaceText) -> dict[str, Any]:
    (line, column), (end_line, end_column) = map(document.line_column, (edit.start, edit.end))
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    return {"deletedRegion": region, **({"insertedContent": {"text": edit.new}} if edit.new else {})}


def _bytes(start: int, end: int, new: bytes) -> dict[str, Any]:
    region = {"byteOffset": start, "byteLength": end - start}
    inserted = {"insertedContent": {"binary": base64.b64encode(new).decode("ascii")}} if new else {}
    return {"deletedRegion": region, **inserted}


def _size(replacement: dict[str, Any]) -> int:
    return sum(map(len, replacement.get("insertedContent", {}).values()))
