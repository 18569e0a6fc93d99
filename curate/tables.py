"""TOML tables as frozen dataclasses. A mistake is one line: the file, the line, what is wrong, what to write.

Keys may be written with hyphens or underscores. An unknown key names the nearest known one.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import os
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from curate.errors import ConfigError

T = TypeVar("T")
Place = tuple[str | int, ...]  # keys and positions in lists, from the top of the file

_LARGEST = 1 << 20  # bytes; a configuration is written by hand
# Without such a line a pyproject.toml has no [tool.curate] and need not be read as TOML, which takes a while.
_MAY_HOLD_OURS = re.compile(
    r"""^\s*(?:\[{1,2}\s*["']?tool["']?\s*(?:\.\s*["']?curate|\])|["']?tool["']?\s*[.=])|\\[uU]""",
    re.MULTILINE,
)
_TRIES = 40  # parses of a part of the file, to find a line: a mistake must not cost a minute
_WANTED = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path in quotes",
    date: "a date, such as 2027-01-31 without quotes",
}


def _toml() -> ModuleType:
    """The parser. Loading it takes as long as reading a thousand annotations, and many runs need none."""
    return importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


class Mistake(Exception):  # noqa: N818 - it becomes a ConfigError once its line is known
    """Something in a file that cannot be obeyed."""

    def __init__(self, place: Place, message: str, cure: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.cure = cure


@dataclass(frozen=True)
class TomlFile:
    """A file as it was read. `content` None: it is a pyproject.toml without [tool.curate]."""

    path: Path
    text: str
    top: Place  # where our tables begin
    content: Mapping[str, Any] | None

    @classmethod
    def read(cls, path: Path) -> TomlFile:
        """Raises ConfigError: not there, no text, no TOML."""
        try:
            if path.stat().st_size > _LARGEST:
                raise ConfigError(f"{path} is too large for a configuration.", "Name a curate.toml.")
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}.", "Name a curate.toml.") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is not UTF-8.", "Save it as UTF-8.") from error
        if path.name == "pyproject.toml" and not _MAY_HOLD_OURS.search(text):
            return cls(path, text, ("tool", "curate"), None)
        tomllib = _toml()
        try:
            content = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ConfigError(f"{path} is not TOML: {error}.", "Correct that line.") from error
        if path.name != "pyproject.toml":
            return cls(path, text, (), content)
        tool = content.get("tool")
        ours = tool.get("curate") if isinstance(tool, dict) else None
        return cls(path, text, ("tool", "curate"), ours)

    def build(self, make: Callable[[], T]) -> T:
        """What `make` returns; a Mistake that it raises becomes a ConfigError that names file and line."""
        try:
            return make()
        except Mistake as mistake:
            line = self.line_of(mistake.place)
            where = f"{self.path}:{line}" if line else str(self.path)
            raise ConfigError(f"{where}: {mistake.message}", mistake.cure) from mistake

    def line_of(self, place: Place) -> int | None:
        """The 1-based line on which a key stands; None where it was not found.

        The TOML reader tells no lines, but the beginning of the file up to the key's line has the key, and up
        to the line before it has not.
        """
        tomllib = _toml()
        keys = [part for part in place if isinstance(part, str)]
        if not keys:
            return None
        key = re.escape(keys[-1]).replace("_", "[-_]").replace(r"\-", "[-_]")
        written = re.compile(rf"""(?:^|[\s{{,.\[])["']?{key}["']?\s*[=.\]]""")
        lines = self.text.split("\n")
        tries = 0
        for first in (number for number, line in enumerate(lines) if written.search(line)):
            for end in range(first + 1, len(lines) + 1):
                tries += 1
                if tries > _TRIES:
                    return None
                try:
                    part = tomllib.loads("\n".join(lines[:end]))
                except tomllib.TOMLDecodeError:
                    continue  # the value goes on on the next line
                if _holds(part, place):
                    return first + 1
                break
        return None


def _holds(content: Any, place: Place) -> bool:  # whatever TOML may hold
    for part in place:
        if isinstance(part, int):
            if not isinstance(content, list) or part >= len(content):
                return False
            content = content[part]
        else:
            found = {_plain(key): key for key in content} if isinstance(content, dict) else {}
            key = part if isinstance(content, dict) and part in content else found.get(_plain(part))
            if key is None:
                return False
            content = content[key]
    return True


def table(kind: type[T], content: object, place: Place, base: Path) -> T:
    """A dataclass from a table; `base` is where relative paths start. Raises Mistake."""
    if not isinstance(content, dict):
        raise Mistake(place, f"{_label(place)} is no table.", f"Write its keys below a line {_label(place)}.")
    refuse_unknown(kind, content, place)
    hints = typing.get_type_hints(kind)
    fields = _fields(kind)
    values: dict[str, Any] = {}
    for key, value in content.items():
        name = fields[_plain(key)].name
        if name in values:
            raise Mistake((*place, key), f"{_label(place)} says {key!r} twice.", "Leave one of them out.")
        values[name] = _value(hints[name], value, (*place, key), base)
    for key, one in fields.items():
        required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if required and one.name not in values:
            raise Mistake(place, f"{_label(place)} lacks {key!r}.", f"Add {key} = ... to it.")
    return kind(**values)


def refuse_unknown(kind: type[Any], content: Mapping[str, Any], place: Place) -> None:
    """Raises Mistake for a key that a table of this kind does not have."""
    fields = _fields(kind)
    for key in content:
        if _plain(key) not in fields:
            message = f"{_label(place)} knows no {key!r}."
            raise Mistake((*place, key), message, _hint(kind, key, place))


def _hint(kind: type[Any], key: str, place: Place) -> str:
    """Where a key belongs, or which one may have been meant."""
    fields = _fields(kind)
    for name, hint in typing.get_type_hints(kind).items():
        inner = next((one for one in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(one)), None)
        if isinstance(inner, type) and _plain(key) in _fields(inner):
            return f"Write it below a line {_label((*place, name))}."
    near = difflib.get_close_matches(_plain(key), fields, n=1, cutoff=0.0)[0]
    shown = near.replace("_", "-") if "-" in key else near
    return f"Did you mean {shown!r}?"


def _fields(kind: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    # `from` and `as` are words of Python, so their fields end in an underscore
    return {one.name.rstrip("_"): one for one in dataclasses.fields(kind)}


def _plain(key: str) -> str:
    return key.replace("-", "_")


def _label(place: Place) -> str:
    keys = [part for part in place if isinstance(part, str)]
    return f"[{'.'.join(keys)}]" if keys else "the file"


def _value(hint: Any, value: object, place: Place, base: Path) -> Any:  # the type that the field declares
    """A TOML value as the type that a field declares."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return table(hint, value, place, base)
    if origin is tuple:
        if not isinstance(value, list):
            return (_value(args[0], value, place, base),)  # onto = "hands" for onto = ["hands"]
        return tuple(_value(args[0], item, (*place, i), base) for i, item in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise Mistake(
                place, f"{_dotted(place)} is no table.", f"Write its keys below a line {_label(place)}."
            )
        if args[1] is Any:
            return types.MappingProxyType(dict(value))
        return types.MappingProxyType({k: _value(args[1], v, (*place, k), base) for k, v in value.items()})
    if hint is Path and isinstance(value, str):
        return Path(os.path.normpath(base / value))  # samples/../runs is easier to read as runs
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    misfits = {int: bool, date: datetime}  # which Python takes for these
    if isinstance(value, hint) and not isinstance(value, misfits.get(hint, ())):
        return value
    raise Mistake(place, f"{_dotted(place)} = {value!r} is not {_WANTED[hint]}.", "Correct that line.")


def _dotted(place: Place) -> str:
    return ".".join(part for part in place if isinstance(part, str))
