"""Everything that was found on one day, in a file: what is in it is known and not shown again.

A finding is known again by its fingerprint, that is by what it is about and not by its line, so that other
changes do not revive it. The file is JSON with one finding a line, sorted, so that version control shows well
what came and what went. Only code, path and fingerprint are read back; the message is there for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.dataset import Dataset
from curate.errors import ConfigError, CurateError, OutputExists
from curate.findings import Finding
from curate.fixes.durable import sync_folder, write_file
from curate.report.fingerprint import fingerprints

SCHEMA = 1
_HEAD = f'{{"curate-baseline": {SCHEMA}, "findings": [\n'
_DIGEST = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True)
class Baseline:
    """Known findings: fingerprint -> code."""

    path: Path
    known: dict[str, str]

    def match(self, findings: Sequence[Finding], data: Dataset, asked: Sequence[str]) -> tuple[set[int], int]:
        """Positions of the findings that are known, and how many known ones are there no more.

        Only the rules that were asked can tell of one of theirs that it is gone.
        """
        there = fingerprints(findings, data)
        codes = set(asked)
        gone = self.known.keys() - set(there)
        hidden = {number for number, one in enumerate(there) if one in self.known}
        return hidden, sum(self.known[one] in codes for one in gone)


def read(path: Path) -> Baseline:
    """Raises ConfigError: not there, or no baseline."""
    try:
        content = json.loads(path.read_bytes())
        if content["curate-baseline"] != SCHEMA:
            raise ValueError(f"schema {content['curate-baseline']!r}")
        known = {str(one["fingerprint"]): str(one["code"]) for one in content["findings"]}
        if not all(_DIGEST.fullmatch(one) for one in known):
            raise ValueError("a fingerprint is none")
    except OSError as error:
        raise ConfigError(
            f"The baseline {path} cannot be read: {error.strerror or error}.",
            f"Make it: curate validate PATH --write-baseline {path}",
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise ConfigError(
            f"{path} is no baseline of curate ({why}).",
            "Name another file, or make it anew: --write-baseline FILE",
        ) from error
    return Baseline(path, known)


def refuse_other_file(path: Path) -> None:
    """Raises OutputExists where `path` holds something that is no baseline: it would be overwritten."""
    if not path.exists() and not path.is_symlink():
        return
    try:
        read(path)
    except ConfigError as error:
        raise OutputExists(f"{path} is there already and is no baseline.", "Name another file.") from error


def write(path: Path, findings: Sequence[Finding], data: Dataset) -> None:
    """Write all these findings down, whole or not at all. Raises CurateError where that cannot be done."""
    rows = sorted(
        (finding.code, finding.path, one, finding.message)
        for finding, one in zip(findings, fingerprints(findings, data), strict=True)
    )
    lines = [
        json.dumps({"code": code, "path": where, "fingerprint": one, "message": message}, ensure_ascii=False)
        for code, where, one, message in rows
    ]
    text = _HEAD + ",\n".join(lines) + ("\n" if lines else "") + "]}\n"
    try:
        write_file(path, text.encode("utf-8", "backslashreplace"), path.with_name(f".{path.name}.tmp"))
        sync_folder(path.absolute().parent)
    except OSError as error:
        raise CurateError(
            f"{path} could not be written: {error.strerror or error}.", "Name another file."
        ) from error
