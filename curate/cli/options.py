"""Arguments and options that several commands have, and how their texts are read."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

from curate.cli.console import speak
from curate.errors import CurateError

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


class Printed(str, Enum):
    """How a result that is no list of findings is printed."""

    TEXT = "text"
    JSON = "json"


class Language(str, Enum):
    """Languages that reports can be in."""

    EN = "en"
    ZH = "zh"


def _speak(lang: Language | None) -> Language | None:
    """What stops a command is said in its language, too, also where that comes to light before it runs."""
    speak(lang.value if lang else None)
    return lang


Data = Annotated[
    Path, typer.Argument(metavar="PATH", show_default=False, help="Folder that holds the data set.")
]
Workers = Annotated[
    Optional[int],
    typer.Option(min=1, show_default="all cores", help="Processes that read files; the result is the same."),
]
Lang = Annotated[
    Optional[Language],
    typer.Option(
        callback=_speak,
        is_eager=True,
        show_default="CURATE_LANG, else the locale; formats for programs: en",
        help="Language of what is said; codes, keys and names of rules stay.",
    ),
]
Pixels = Annotated[
    bool, typer.Option("--pixels", help="Decode every image, and keep near-copies together, too.")
]
PrintedAs = Annotated[Printed, typer.Option(help="How to print it.")]


def words(values: list[str] | None) -> list[str]:
    """`["A,B", "C"]` -> A, B, C."""
    return [word.strip() for value in values or () for word in value.split(",") if word.strip()]


def numbers(value: str | None, option: str) -> list[int] | None:
    """`"4,8,16"` -> 4, 8, 16; None where it was not given. Raises CurateError, naming the option."""
    if value is None:
        return None
    try:
        return [int(word) for word in words([value])]
    except ValueError as error:
        raise CurateError(f"{option} {value} cannot be read.", "Write numbers with commas.") from error


def pairs(values: list[str] | None, option: str) -> dict[str, str]:
    """`["OLD=NEW"]` -> {OLD: NEW}. Raises CurateError, naming the option."""
    found = {}
    for value in values or ():
        old, equals, new = value.partition("=")
        if not (old and equals and new):
            raise CurateError(f"{option} {value} cannot be read.", "Write it as OLD=NEW.")
        found[old] = new
    return found


def class_list(option: str | None) -> list[str] | None:
    """--classes: the names, or None where it was not given."""
    if option is None:
        return None
    from curate.formats.classlist import parse_option

    return list(parse_option(option))
