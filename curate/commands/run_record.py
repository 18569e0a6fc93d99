"""What a run has done so far: OUT/run.json, read back so that finished steps are not done twice.

A step is finished if it is on record with the key it would have today. A key is a digest of the step's own
settings, of the files it reads, and of the key before it, so that a change anywhere redoes all that follows.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.errors import CurateError, OutputExists
from curate.fixes.durable import write_json
from curate.tree import Tree

NAME = "run.json"
SCHEMA = 1


@dataclass(frozen=True)
class Outcome:
    """What a step came to. `values` are facts for later steps; `made` are files and folders to look at."""

    summary: str  # one line for the table at the end
    text: str = ""  # the section
    made: tuple[Path, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """A finished step."""

    key: str
    seconds: float
    outcome: Outcome


class Record:
    """The steps on record in an output folder that `curate run` owns."""

    def __init__(self, out: Path, *, fresh: bool = False) -> None:
        """Raises OutputExists where `out` holds something that no run has made."""
        self.out = out
        self.folders: list[str] = []  # names of the folders in OUT that steps own
        self.steps: dict[str, Done] = {}
        self.started: dict[str, str] = {}
        self.facts: dict[str, str] = {}  # of the input, where a step changes it in place
        there = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else []
        if out.exists() and not out.is_dir():
            raise OutputExists(f"{out} is a file.", "Name a new folder: [data] out.")
        if there and NAME not in there:
            raise OutputExists(f"{out} was not made by curate run.", "Name a new folder: [data] out.")
        if there:
            self._load()
        if fresh:
            self.forget(list(self.folders))
            self.steps, self.started, self.facts = {}, {}, {}
        out.mkdir(parents=True, exist_ok=True)
        self.save()

    def _load(self) -> None:
        path = self.out / NAME
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            self.folders = [str(name) for name in content["folders"]]
            self.started = dict(content["started"])
            self.facts = dict(content["facts"])
            for name, step in content["steps"].items():
                made = tuple(self.out / part for part in step["made"])
                outcome = Outcome(step["summary"], step["text"], made, step["values"])
                self.steps[name] = Done(step["key"], step["seconds"], outcome)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise CurateError(
                f"{path} cannot be read ({error}).", "Remove the folder, or name another one: [data] out."
            ) from error

    def save(self) -> None:
        """Write the record, whole or not at all."""
        content = {
            "schema": SCHEMA,
            "folders": self.folders,
            "started": self.started,
            "facts": self.facts,
            "steps": {
                name: {
                    "key": done.key,
                    "seconds": round(done.seconds, 2),
                    "summary": done.outcome.summary,
                    "text": done.outcome.text,
                    "made": [path.relative_to(self.out).as_posix() for path in done.outcome.made],
                    "values": dict(done.outcome.values),
                }
                for name, done in self.steps.items()
            },
        }
        write_json(self.out / NAME, content)

    def finished(self, name: str, key: str) -> Done | None:
        """The step, if it was finished with this key and what it made is still there."""
        done = self.steps.get(name)
        if done is None or done.key != key or not all(path.exists() for path in done.outcome.made):
            return None
        return done

    def begin(self, name: str, key: str, folders: Sequence[str], *, again: bool) -> None:
        """Note that a step starts and owns `folders` of OUT; without `again` they are emptied first."""
        self.steps.pop(name, None)
        if not again:
            self.forget(folders)
        self.folders = sorted({*self.folders, *folders})
        self.started[name] = key
        self.save()

    def end(self, name: str, done: Done) -> None:
        """Put a finished step on record."""
        self.started.pop(name, None)
        self.steps[name] = done
        self.save()

    def forget(self, folders: Sequence[str]) -> None:
        """Remove folders and files that a run has made."""
        for folder in folders:
            target = self.out / folder
            if folder not in self.folders:
                continue
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        self.folders = [name for name in self.folders if name not in folders]


def digest(*parts: object) -> str:
    """A key: equal for equal settings."""
    text = json.dumps([_plain(part) for part in parts], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _plain(part: object) -> object:
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        return {f.name: _plain(getattr(part, f.name)) for f in dataclasses.fields(part)}
    if isinstance(part, Mapping):
        return {str(key): _plain(value) for key, value in part.items()}
    if isinstance(part, tuple | list):
        return [_plain(value) for value in part]
    return part


def model_digest(path: Path) -> str:
    """A digest of weights: of the bytes of a file, of the names, sizes and times of a run's folder."""
    if path.is_dir():
        return fingerprint(path)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    except OSError as error:
        raise CurateError(
            f"{path} cannot be read: {error.strerror}.", "Correct the path; it starts at the configuration."
        ) from error


def fingerprint(folder: Path) -> str:
    """A digest of names, sizes and times of all files of a folder, or of one file, not of contents."""
    if folder.is_file():
        stat = folder.stat()
        return hashlib.sha256(f"{stat.st_size}\n{stat.st_mtime_ns}".encode()).hexdigest()[:32]
    tree = Tree.open(folder)
    found = hashlib.sha256()
    for name in tree.files():
        stat = tree.path(name).stat()
        found.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "backslashreplace"))
    return found.hexdigest()[:32]
