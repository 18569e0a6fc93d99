"""The last answer of `curate validate`, given again where nothing has changed that it depends on.

It depends on every file below PATH, told by their stamps (see `curate.formats.cache`), on what is left aside
there, on the options, on the configuration, baseline and class list wherever they lie, on the day, on the
language, on where it is printed (a terminal has a width and colours) and on this program. An answer is kept
only if the stamps of all files are certain; it is the text that was printed, letter for letter.

An answer is found in two ways: by the command line as it was typed, before anything else is loaded, and by
what the command line means. So this module loads little.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from curate.formats import cache
from curate.formats.images import IMAGE_SUFFIXES
from curate.negatives.ledger import OWN
from curate.tree import Tree

if TYPE_CHECKING:
    from curate.formats.discover import Reading

_FILE = "answer"
_CONFIGURATIONS = ("curate.toml", "pyproject.toml")  # in the current folder; those in PATH have stamps
_ENVIRONMENT = (
    *("LANG", "LANGUAGE", "CURATE_LANG", "PYTHONIOENCODING", "PYTHONUTF8"),
    *(
        "COLUMNS",
        "LINES",
        "NO_COLOR",
        "FORCE_COLOR",
        "COLORTERM",
        "TERM",
        "TTY_COMPATIBLE",
        "TTY_INTERACTIVE",
    ),
)


class Answer(NamedTuple):
    """What was printed, and how the program ended."""

    out: str
    err: str
    status: int


def repeated(typed: Sequence[str]) -> Answer | None:
    """The answer to a command line that is word for word the last one, where nothing has changed."""
    for word in typed:
        if os.path.exists(os.path.join(word, *cache.FOLDERS, _FILE)):  # noqa: PTH110, PTH118 - any word
            tree = Tree(Path(word).resolve())
            found = _kept(tree, "typed", _typed(tree.root, typed))
            if found is not None:
                return found
    return None


class Answers:
    """The answer that is kept for a data set, if it is one to this question."""

    def __init__(self, tree: Tree, options: Mapping[str, object], typed: Sequence[str] | None = None) -> None:
        """`options` is everything on the command line, as it was `typed`; those that name a file are read."""
        self.tree = tree
        self._now = time.time_ns()
        root = tree.root
        self._keys = {
            "question": _question(root, options),
            "typed": None if typed is None else _typed(root, typed),
        }
        self._given: list[Answer] = []

    def find(self) -> Answer | None:
        """The answer of the last run, if it was asked the same of the same files."""
        return _kept(self.tree, "question", self._keys["question"])

    @contextmanager
    def recorded(self, give: Callable[[str, str], None]) -> Iterator[list[int]]:
        """What is printed meanwhile is an answer; the caller adds the exit status that belongs to it.

        `give` is handed what came to stdout and to stderr, and prints it.
        """
        out, err = _Recorder(sys.stdout), _Recorder(sys.stderr)
        status: list[int] = []
        try:
            with redirect_stdout(out), redirect_stderr(err):
                yield status
        finally:
            give(out.getvalue(), err.getvalue())
        self._given[:] = [Answer(out.getvalue(), err.getvalue(), status[0])]

    def keep(self, reading: Reading, also: Iterable[Path] = ()) -> None:
        """Keep what was recorded, where all files are certain to be as they were read.

        `also` are files that a configuration names.
        """
        if not self._given or reading.names is None or len(reading.names) < cache.SMALLEST:
            return
        answer = self._given[0]
        names = _in_order(self.tree)
        stamps = self._stamps(names, reading.names, reading.stamps)
        if "\0" in answer.out or cache.UNKNOWN[0] in stamps[:: len(cache.UNKNOWN)]:
            return
        head = {
            **self._keys,
            "files": _digest(self.tree, names, stamps),
            "also": [[str(path), _content(path)] for path in also],
            "status": answer.status,
        }
        text = f"{answer.out}\0{answer.err}".encode("utf-8", "surrogatepass")
        cache.write(self.tree.root, _FILE, head, [text])

    def _stamps(self, names: Sequence[str], read: Sequence[str], stamps: Sequence[int]) -> array[int]:
        """The stamps of all files: of those that were read, and of the others as when the run began."""
        known = array("q", stamps)
        if names[: len(read)] == list(read):
            for name in names[len(read) :]:
                known.extend(self._before(name))
            return known
        number_of = {name: number for number, name in enumerate(read)}
        found = array("q")
        width = len(cache.UNKNOWN)
        for name in names:
            number = number_of.get(name)
            found.extend(
                self._before(name) if number is None else known[width * number : width * (number + 1)]
            )
        return found

    def _before(self, name: str) -> cache.Stamp:
        """The stamp of a file that the readers of VOC do not read, as it was when the run began.

        Looked at now, it is UNKNOWN if it was changed since: its time is then later than that of the start.
        """
        try:
            return cache.stamp(self.tree.path(name).stat(), self._now)
        except OSError:
            return cache.UNKNOWN


class _Recorder(io.StringIO):
    """Keeps what is printed and looks like the stream it stands for: colours are a part of an answer."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()


def _kept(tree: Tree, key: str, question: str | None) -> Answer | None:
    """The answer in the cache, if it has this key and all that it depends on is as it was."""
    found = cache.read(tree.root, _FILE)
    if found is None or question is None or found[0].get(key) != question:
        return None
    head, content = found
    try:
        same = all(_content(Path(path)) == known for path, known in head["also"])
        status = int(head["status"])
    except (KeyError, TypeError, ValueError):
        return None
    names = _in_order(tree) if same else []
    if not same or head.get("files") != _digest(tree, names, cache.stamps(tree.root, names)):
        return None
    out, _, err = content.decode("utf-8", "surrogatepass").partition("\0")
    return Answer(out, err, status)


def _question(root: Path, options: Mapping[str, object]) -> str:
    """What is asked, from the command line as it was understood."""
    named = [str(value) for value in options.values() if isinstance(value, str | Path)]
    return _hashed(root, sorted((name, repr(value)) for name, value in options.items()), named)


def _typed(root: Path, words: Sequence[str]) -> str:
    """What is asked, from the command line as it was typed: any word of it may name a file."""
    return _hashed(root, list(words), [part for word in words for part in (word, word.partition("=")[2])])


def _hashed(root: Path, asked: object, named: Iterable[str]) -> str:
    environment = {name: os.environ.get(name) for name in _ENVIRONMENT}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    # the ledger of decisions lies in a folder that is not listed
    named = [*_CONFIGURATIONS, *named, str(root / OWN)]
    files = [(path, _content(Path(path))) for path in named if path]
    parts = (
        *(str(root), asked, files, sorted(environment.items(), key=str), sys.version, str(date.today())),
        *(str(Path.cwd()), sys.stdout.encoding, [(s.isatty(), _width(s)) for s in (sys.stdout, sys.stderr)]),
    )
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _width(stream: TextIO) -> os.terminal_size | None:
    try:
        return os.get_terminal_size(stream.fileno()) if stream.isatty() else None
    except (OSError, ValueError):
        return None


def _content(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    except (OSError, ValueError):
        return None


def _in_order(tree: Tree) -> list[str]:
    """All files, those that readers of VOC read first and as they order them."""
    read = [*tree.with_suffix(".xml"), *tree.with_suffix(*IMAGE_SUFFIXES)]
    every = tree.files()
    if len(read) == len(every):
        return read
    known = set(read)
    return read + [name for name in every if name not in known]


def _digest(tree: Tree, names: Sequence[str], stamps: array[int]) -> str:
    listed = "\0".join(names).encode("utf-8", "surrogatepass")
    aside = repr(tree.left_aside()).encode("utf-8", "surrogatepass")
    return hashlib.sha256(b"\0\0".join([listed, aside, stamps.tobytes()])).hexdigest()
