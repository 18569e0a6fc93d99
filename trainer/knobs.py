"""What a configuration field knows of itself: unit, bounds, and whether evolve may turn it.

A knob is an ordinary dataclass field whose metadata says all that help, documentation, checks and the search
for better settings need. Nothing here imports torch.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from trainer.errors import TrainerError


@dataclass(frozen=True)
class Knob:
    """The facts of one field."""

    what: str  # for people: a phrase that ends in no full stop
    group: str  # heading of the help under which it stands
    unit: str  # px, steps, share ...; "" for a number without
    low: float  # least value
    high: float  # greatest value
    open_low: bool  # `low` itself is refused
    choices: tuple[str, ...]  # of a text, () where any will do; of numbers, words that may stand instead
    evolve: tuple[float, float] | None  # range in which a search may move it
    log: bool  # the search moves it by factors
    effect: str  # what raising and lowering it does, for `trainer hyp --explain`
    open_high: bool = False  # `high` itself is refused


def knob(
    default: Any,
    what: str,
    group: str,
    *,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    choices: tuple[str, ...] = (),
    evolve: tuple[float, float] | None = None,
    log: bool = False,
    effect: str = "",
) -> Any:
    """A dataclass field that is a knob. `effect` is a sentence or two; the other words as in `Knob`."""
    facts = Knob(what, group, unit, low, high, open_low, choices, evolve, log, effect, open_high)
    return field(default=default, metadata={"knob": facts})


def share(default: float, what: str, group: str, **facts: Any) -> Any:
    """A knob from 0 to 1."""
    return knob(default, what, group, unit="share", low=0.0, high=1.0, **facts)


@lru_cache(maxsize=8)
def knobs(owner: type[Any]) -> Mapping[str, Knob]:
    """The knobs of a dataclass by name, in its order; fields that are no knobs are left out."""
    return types.MappingProxyType(
        {f.name: f.metadata["knob"] for f in dataclasses.fields(owner) if "knob" in f.metadata}
    )


@lru_cache(maxsize=8)
def kinds(owner: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields, resolved: `str`, `int | None`, `tuple[float, float] | None` ..."""
    return types.MappingProxyType(typing.get_type_hints(owner))


def check(config: Any) -> None:
    """Refuse values out of bounds, unknown choices and what is no finite number, naming the cure."""
    owner: type = type(config)
    for name, facts in knobs(owner).items():
        value = getattr(config, name)
        if isinstance(value, str):
            if facts.choices and value not in facts.choices:
                raise TrainerError(
                    f"--{dashed(name)} {value} is unknown", f"choose one of {', '.join(facts.choices)}"
                )
            continue
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float) and not isinstance(number, bool):
                _check_number(name, facts, number)


def _check_number(name: str, facts: Knob, number: float) -> None:
    option = f"--{dashed(name)} {told(number)}"
    if not math.isfinite(number):
        raise TrainerError(f"{option} is no number to work with", f"give {bounds(facts)}")
    if facts.unit == "share" and not 0 <= number <= 1:
        raise TrainerError(f"{option} is no share", f"give {bounds(facts)}")
    if number < facts.low or (facts.open_low and number == facts.low):
        raise TrainerError(f"{option} is too small", f"give {bounds(facts)}")
    if number > facts.high or (facts.open_high and number == facts.high):
        raise TrainerError(f"{option} is too large", f"give {bounds(facts)}")


def bounds(facts: Knob) -> str:
    """The allowed values in words."""
    numbers = _bounds(facts)
    if facts.choices and numbers == "a number":
        return " or ".join(facts.choices)
    return " or ".join((numbers, *facts.choices))


def _bounds(facts: Knob) -> str:
    low = (
        "" if facts.low == -math.inf else f"{'more than' if facts.open_low else 'at least'} {told(facts.low)}"
    )
    high = (
        ""
        if facts.high == math.inf
        else f"{'less than' if facts.open_high else 'at most'} {told(facts.high)}"
    )
    if low and high and not (facts.open_low or facts.open_high):
        return f"a number from {told(facts.low)} to {told(facts.high)}"
    return " and ".join(part for part in (low, high) if part) or "a number"


def told(number: float) -> str:
    """A number as a person types it: no 4.29497e+09."""
    return f"{number:.12g}"


def dashed(name: str) -> str:
    """The field's name as an option."""
    return name.replace("_", "-")


def from_text(owner: type, name: str, text: str) -> Any:
    """The value that `text`, typed behind an option, means for a field. Lists have commas or one dash."""
    kind, optional = _plain(kinds(owner)[name])
    if optional and text.strip().lower() in ("none", ""):
        return None
    if _is_word(owner, name, text.strip().lower()):
        return text.strip().lower()
    if typing.get_origin(kind) is tuple:
        separator = "," if "," in text else "-"
        values: Any = [_number(part.strip()) for part in text.split(separator)]
    elif kind in (int, float):
        values = _number(text.strip())
    elif kind is bool:
        values = {"true": True, "false": False, "yes": True, "no": False}.get(text.strip().lower(), text)
    else:
        values = text
    return typed(owner, name, values)


def _number(text: str) -> Any:
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        return text  # `typed` says what should stand there


def typed(owner: type, name: str, value: object) -> Any:
    """A value as TOML gives it, in the field's own type. Raises TrainerError where it does not fit."""
    kind, _ = _plain(kinds(owner)[name])
    found = value if _is_word(owner, name, value) else _typed(kind, value)
    if found is None:
        raise TrainerError(f"{name} = {value!r} has the wrong type", f"write {called(kind)}")
    return found


def _is_word(owner: type, name: str, value: object) -> bool:
    """Whether it is one of the words that may stand for numbers."""
    kind, _ = _plain(kinds(owner)[name])
    facts = knobs(owner).get(name)
    return kind is not str and facts is not None and value in facts.choices


def _typed(kind: Any, value: object) -> Any:
    """None where it does not fit."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if kind in (str, bool):
        return value if isinstance(value, kind) else None
    if kind in (int, float):
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        if kind is float:
            return float(value)
        return int(value) if math.isfinite(value) and value == int(value) else None
    if typing.get_origin(kind) is tuple and isinstance(value, list | tuple):
        wanted = typing.get_args(kind)
        if wanted[-1] is Ellipsis:
            wanted = (wanted[0],) * len(value)
        if len(wanted) != len(value):
            return None
        items = [_typed(one, item) for one, item in zip(wanted, value, strict=True)]
        return None if any(item is None for item in items) else tuple(items)
    return None


def _plain(kind: Any) -> tuple[Any, bool]:
    """(the type without None, whether None is allowed)."""
    parts = typing.get_args(kind)
    if type(None) in parts:
        return next(part for part in parts if part is not type(None)), True
    return kind, False


def called(kind: Any) -> str:
    """A type in words."""
    kind, _ = _plain(kind)
    names = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)
        many = "a list of" if inner[-1] is Ellipsis else f"a list of {len(inner)}"
        return f"{many} numbers" if inner[0] in (int, float) else f"{many} texts"
    return names.get(kind, "a path")


def refuse_unknown(values: Iterable[str], known: Iterable[str], where: str) -> None:
    """TrainerError for a key that is not known, naming the nearest one."""
    known = list(known)
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            raise TrainerError(f"{where} knows no {key!r}", f"did you mean {near[0]!r}?")
