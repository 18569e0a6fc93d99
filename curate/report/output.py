"""Where a result goes: stdout, or a file that is whole or not there."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from curate.errors import CurateError, OutputExists
from curate.fixes.durable import permission_bits, write_file
from curate.tree import display_path

# how reports begin that nothing else begins like; text, and arrays of GitLab, could be anybody's
OURS = re.compile(
    rb"""\{\s*"schema":\ 1,\s*"(?:findings|statistics)":\ \[
    | \{"type":\ "(?:finding|summary)",\ "(?:code|schema)":
    | \{\s*"\$schema":\ "[^"]*sarif[^"]*",[^\[]*\[\s*\{\s*"tool":\s*\{\s*"driver":\s*\{\s*"name":\ "curate"
    | <\?xml\ version="1.0"\ encoding="UTF-8"\?>\s*<testsuites\ name="curate"
    | <!doctype\ html>[^\0]*<title>[^<]*curate\ (?:validate|stats)</title>
    """,
    re.VERBOSE,
)


def refuse_target(file: Path | None, data: Path) -> None:
    """Raise where a result must not be written: over a file of the data set, or over what is no file.

    Reports of earlier runs are replaced; inside `data` only those whose first bytes tell that they are ours,
    because an annotation or a list cannot be told from a report by its name. None is stdout and always right.
    Raises CurateError.
    """
    if file is None:
        return
    shown = display_path(file)
    if not file.parent.is_dir():
        raise CurateError(f"The folder of {shown} does not exist.", "Make it first.")
    if file.exists() and not file.is_file():
        raise CurateError(f"{shown} is no regular file.", "Name a file, or leave -o out for stdout.")
    # of a link, what lies behind it counts too: it may be an image of the data set
    places = (file.parent.resolve() / file.name, file.resolve())
    inside = any(place.is_relative_to(data.resolve()) for place in places)
    if inside and (file.is_symlink() or (file.exists() and not _is_ours(file))):
        raise OutputExists(
            f"{shown} lies in the data set and is there already.",
            "Nothing of a data set is overwritten: name a file outside it, or remove that one.",
        )


def _is_ours(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return OURS.match(stream.read(4096)) is not None
    except OSError:
        return False


@contextmanager
def result_stream(file: Path | None, data: Path, words: Callable[[str], str] = str) -> Iterator[TextIO]:
    """A stream for the result: stdout, or what will be `file` (UTF-8) when all of it is written.

    `words` puts what is said about it into another language.

    Raises CurateError as `refuse_target`, and where the file cannot be written; then it is as it was.
    """
    if file is None:
        yield sys.stdout
        return
    stream = io.StringIO()
    yield stream
    refuse_target(file, data)  # again: the work may have taken an hour
    # what a name on disk could not be decoded to has no place in UTF-8 either
    content = stream.getvalue().encode("utf-8", "backslashreplace")
    shown = display_path(file)
    try:
        write_file(file, content, file.with_name(f".{file.name}.partial"), mode=permission_bits(file))
    except OSError as error:
        raise CurateError(
            f"{shown} cannot be written: {error.strerror or error}.",
            "Name another file, or make room for it.",
        ) from error
    print(words(f"written to {shown}"), file=sys.stderr)
