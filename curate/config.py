"""`curate.toml`: what `curate run` shall do. A file in, frozen dataclasses out.

A step is done if its table is there. An unknown key is an error that names the nearest known one. Relative
paths start at the folder of the file.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from curate.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """[data]: what goes in, and where everything comes out."""

    path: Path  # the data set: VOC, YOLO or COCO
    out: Path  # a new folder, or one that `curate run` made
    also: tuple[Path, ...] = ()  # further labelled sets, merged at export with their own split lists


@dataclass(frozen=True)
class Classes:
    """[classes]: which names count. The same for every data set of the run."""

    names: tuple[str, ...] = ()  # the declared list; default: classes.txt and its like in each data set
    keep: tuple[str, ...] = ()  # what the detector shall know, in this order; default: all
    map: Mapping[str, str] = field(default_factory=dict)  # old name -> new name, applied at export


@dataclass(frozen=True)
class Validate:
    """[validate]: say what is wrong with [data] path."""

    ignore: tuple[str, ...] = ()  # rules not to ask: codes or their beginnings


@dataclass(frozen=True)
class Fix:
    """[fix]: repair a working copy (VOC only)."""

    unsafe_fixes: bool = False  # also repairs that need a judgement
    in_place: bool = False  # repair [data] path itself; `curate undo` takes it back


@dataclass(frozen=True)
class Negatives:
    """[negatives]: background-only images, recorded as decisions."""

    from_: Path  # folder of pictures in which no object of any class is
    ratio: float | None = None  # negatives / all images; usual is up to 0.1
    count: int | None = None  # instead of a ratio
    seed: int = 0


@dataclass(frozen=True)
class Paste:
    """[[paste]]: new training images; targets are taken from the train split only."""

    object: str  # class of the cut-outs
    count: int  # images to make
    onto: tuple[str, ...] = ("hands",)  # classes to paste onto, as the data set names them, or "hands"
    from_: Path | None = None  # data set of the cut-outs; default: [data] path
    as_: str | None = None  # name of the pasted class; default: `object`
    sheet: int = 12  # images on the contact sheet; 0 for none
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """[split]: for sets without split lists of their own."""

    ratios: tuple[float, ...] = (0.8, 0.1, 0.1)  # train, val, test
    seed: int = 0


@dataclass(frozen=True)
class Anchors:
    """[anchors]: fitted to the train boxes at the size that is trained at."""

    seed: int = 0


@dataclass(frozen=True)
class Export:
    """[export]: the hand-over folder."""

    empty_as_background: bool = False  # VOC images without objects are backgrounds, not omissions


@dataclass(frozen=True)
class Val:
    """[val]: judge the best weights, once, on images that neither trained nor chose them."""

    split: str = "test"  # test or val


@dataclass(frozen=True)
class Config:
    """A whole run."""

    data: Data
    classes: Classes = field(default_factory=Classes)
    validate: Validate | None = None
    fix: Fix | None = None
    negatives: Negatives | None = None
    paste: tuple[Paste, ...] = ()
    split: Split | None = None
    anchors: Anchors | None = None
    export: Export | None = None
    fit: Mapping[str, Any] | None = None  # fields of trainer.config.FitConfig, without data and run
    val: Val | None = None


def load(path: Path) -> Config:
    """Read a file. Raises ConfigError: not there, not TOML, unknown key, missing key, wrong type."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", "Name a curate.toml.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8.", "Save it as UTF-8.") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.", "Correct that line.") from error
    config = _table(Config, content, "", path.parent)
    _check(config)
    return config


def _check(config: Config) -> None:
    needs = {
        "anchors": ("export",),
        "fit": ("export",),
        "val": ("export", "fit"),
    }
    for table, before in needs.items():
        for one in before:
            if getattr(config, table) is not None and getattr(config, one) is None:
                raise ConfigError(f"[{table}] needs what [{one}] makes.", f"Add a line [{one}].")
    if config.anchors and config.fit is None:
        raise ConfigError("[anchors] needs the size that [fit] trains at.", "Add a line [fit] with imgsz.")
    if config.negatives and (config.negatives.ratio is None) == (config.negatives.count is None):
        raise ConfigError("[negatives] needs either ratio or count.", "Write ratio = 0.1, for example.")
    if config.val and config.val.split not in ("test", "val"):
        raise ConfigError(f'[val] split = "{config.val.split}" is unknown.', 'Write "test" or "val".')
    if config.split:
        ratios = config.split.ratios
        if not 2 <= len(ratios) <= 3 or min(ratios) < 0 or ratios[0] <= 0:
            raise ConfigError(
                f"[split] ratios = {list(ratios)} cannot be used.", "Write [0.8, 0.1, 0.1]: train, val, test."
            )
    for paste in config.paste:
        if paste.count < 1:
            raise ConfigError(f"[[paste]] count = {paste.count} makes no image.", "Give at least 1.")


def _table(kind: type[T], content: object, where: str, base: Path) -> T:
    """A dataclass from a TOML table; `where` names the table in messages."""
    label = f"[{where}]" if where else "the file"
    if not isinstance(content, dict):
        raise ConfigError(f"{label} is no table.", f"Write its keys below a line [{where}].")
    hints = typing.get_type_hints(kind)
    # `from` and `as` are words of Python, so their fields end in an underscore
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(typing.cast(Any, kind))}
    values = {}
    for key, value in content.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1, cutoff=0.0)
            raise ConfigError(f"{label} knows no {key!r}.", f"Did you mean {near[0]!r}?")
        place = f"{where}.{key}" if where else key
        values[fields[key].name] = _value(hints[fields[key].name], value, place, base)
    for key, one in fields.items():
        required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if required and key not in content:
            raise ConfigError(f"{label} lacks {key!r}.", f"Add {key} = ... to it.")
    return kind(**values)


def _value(hint: Any, value: object, where: str, base: Path) -> Any:  # the type that the field declares
    """A TOML value as the type that a field declares."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _table(hint, value, where, base)
    if origin is tuple:
        if not isinstance(value, list):
            value = [value]  # onto = "hands" for onto = ["hands"]
        return tuple(_value(args[0], item, where, base) for item in value)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise ConfigError(f"{where} is no table.", f"Write its keys below a line [{where}].")
        if args[1] is Any:
            return types.MappingProxyType(dict(value))
        return types.MappingProxyType({k: _value(args[1], v, f"{where}.{k}", base) for k, v in value.items()})
    if hint is Path and isinstance(value, str):
        return Path(os.path.normpath(base / value))  # samples/../runs is easier to read as runs
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    wanted = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
    raise ConfigError(
        f"{where} = {value!r} is not {wanted.get(hint, 'a path in quotes')}.", "Correct that line."
    )
