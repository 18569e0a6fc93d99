"""The last answer of `curate validate`, given again where nothing has changed that it depends on.

It depends on every file below PATH, told by their stamps (see `curate.formats.cache`), on what is left aside
there, on the options, on the configuration, baseline and class list wherever they lie, on the day, on the
language and on this program. An answer is kept only if the stamps of all files are certain; it is the text
that was printed, so it is kept for pipes and files, not for terminals.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path
from typing import NamedTuple

from curate.formats import cache
from curate.formats.discover import Reading
from curate.negatives.ledger import OWN
from curate.tree import Tree

_FILE = "answer"
_CONFIGURATIONS = ("curate.toml", "pyproject.toml")  # in the current folder; those in PATH have stamps
_ENVIRONMENT = (
    "LANG",
    "LANGUAGE",
    "COLUMNS",
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
    "PYTHONIOENCODING",
    "PYTHONUTF8",
)


class Answer(NamedTuple):
    """What was printed, and how the program ended."""

    out: str
    err: str
    clean: bool


class Answers:
    """The answer that is kept for a data set, if it is one to this question."""

    def __init__(self, tree: Tree, options: Mapping[str, object]) -> None:
        """`options` is everything on the command line; those that name a file are read."""
        self.tree = tree
        self._now = time.time_ns()
        self._question = _question(tree, options)
        self._given: list[Answer] = []

    @staticmethod
    def wanted() -> bool:
        """Whether the answer goes where it can be repeated letter for letter."""
        return not sys.stdout.isatty()

    def find(self) -> Answer | None:
        """The answer of the last run, if it was asked the same of the same files."""
        found = cache.read(self.tree.root, _FILE)
        if found is None or found[0].get("question") != self._question:
            return None
        head, content = found
        if head.get("files") != _digest(self.tree, cache.stamps(self.tree.root, self.tree.files()).tobytes()):
            return None
        out, _, err = content.decode("utf-8", "surrogatepass").partition("\0")
        return Answer(out, err, bool(head.get("clean")))

    @contextmanager
    def recorded(self, give: Callable[[str, str], None]) -> Iterator[list[bool]]:
        """What is printed meanwhile is an answer; the caller adds whether the data set is clean.

        `give` is handed what came to stdout and to stderr, and prints it.
        """
        out, err = io.StringIO(), io.StringIO()
        clean: list[bool] = []
        try:
            with redirect_stdout(out), redirect_stderr(err):
                yield clean
        finally:
            give(out.getvalue(), err.getvalue())
        self._given[:] = [Answer(out.getvalue(), err.getvalue(), clean[0])]

    def keep(self, reading: Reading) -> None:
        """Keep what was recorded, where all files are certain to be as they were read."""
        if not self._given or reading.stamps is None or len(reading.stamps) < cache.SMALLEST:
            return
        answer = self._given[0]
        stamps = array("q")
        for name in self.tree.files():
            stamp = reading.stamps.get(name) or self._before(name)
            if stamp == cache.UNKNOWN:
                return
            stamps.extend(stamp)
        head = {
            "question": self._question,
            "files": _digest(self.tree, stamps.tobytes()),
            "clean": answer.clean,
        }
        if "\0" not in answer.out:
            cache.write(
                self.tree.root, _FILE, head, [f"{answer.out}\0{answer.err}".encode("utf-8", "surrogatepass")]
            )

    def _before(self, name: str) -> cache.Stamp:
        """The stamp of a file that the readers of VOC do not read, as it was when the run began.

        Looked at now, it is UNKNOWN if it was changed since: its time is then later than that of the start.
        """
        try:
            return cache.stamp(self.tree.path(name).stat(), self._now)
        except OSError:
            return cache.UNKNOWN


def _question(tree: Tree, options: Mapping[str, object]) -> str:
    environment = {name: os.environ.get(name) for name in _ENVIRONMENT}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    named = [Path(str(value)) for value in options.values() if isinstance(value, str | Path)]
    # the ledger of decisions lies in a folder that is not listed
    named.append(tree.root / OWN)
    files = [(str(path), _content(path)) for path in (*map(Path, _CONFIGURATIONS), *named)]
    parts = (
        *(str(tree.root), sorted((name, repr(value)) for name, value in options.items()), files),
        *(sorted(environment.items(), key=str), sys.stdout.encoding, sys.version, str(date.today())),
        *(str(Path.cwd()), tree.left_aside()),
    )
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _content(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    except (OSError, ValueError):
        return None


def _digest(tree: Tree, stamps: bytes) -> str:
    names = "\0".join(tree.files()).encode("utf-8", "surrogatepass")
    return hashlib.sha256(names + b"\0\0" + stamps).hexdigest()
