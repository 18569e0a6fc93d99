"""What became of every image and label row, as a file: a folder as read flows in, plain types flow out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from trainer.data.folder import Folder
from trainer.data.labels import Problem

SCHEMA = 1


def ledger(folder: Folder, *, allowed: bool) -> dict[str, Any]:
    """What was used, clipped and refused and why, split by split; `allowed`: errors were told to be."""
    root = folder.yaml.parent
    splits = {}
    for name, split in folder.splits.items():
        counts = dataclasses.asdict(dataclasses.replace(split.report, problems=()))
        del counts["problems"]
        splits[name] = {"images": len(split), **counts}
    return {
        "schema": SCHEMA,
        "data": str(folder.yaml),
        "classes": list(folder.classes),
        "errors": len(folder.report.errors),
        "errors_allowed": allowed,
        "splits": splits,
        "problems": [
            {"split": name, **_plain(problem, root)}
            for name, split in folder.splits.items()
            for problem in split.report.problems
        ],
        "not_exported": [dict(thing) for thing in folder.not_exported],
        "notes": list(folder.notes),
    }


def as_json(content: dict[str, Any]) -> bytes:
    """UTF-8; what no encoding knows in a file name stays an escape."""
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return text.encode("utf-8", errors="backslashreplace")


def _plain(problem: Problem, root: Path) -> dict[str, Any]:
    path = problem.path
    return {
        "path": (path.relative_to(root) if path.is_relative_to(root) else path).as_posix(),
        "line": problem.line,
        "text": problem.text,
        "verdict": problem.verdict,
        "rule": problem.rule,
        "error": problem.error,
        "why": problem.reason,
    }
