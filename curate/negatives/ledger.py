"""Decisions on record: which picture shows no object, who says so, when and why, and of which bytes.

An image without a label is not a negative, it is an image that nobody has looked at. A decision makes it one,
and a decision has an author. There are three states:

    never-labelled      nobody has looked, or somebody has and says that labels are missing
    verified-negative   a person says that nothing is in it, or the labels of the image it is cut from do
    negative-by-model   a model alone says so, or it is what a model took for an object where no label is

A ledger is a file with one JSON object a line. `negatives.jsonl` lies in a folder that `curate negatives` or
`curate export` has written. `.curate/ledger.jsonl` lies in a user's own data set; where both speak of a
picture, it goes before. A decision is about bytes: an image that was changed since is asked about again, one
that was only moved is not. Files come from anywhere, so nothing in them is trusted; what cannot be read is
told, line by line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from typing import Any

from curate.errors import CurateError, UnsafePath
from curate.tree import Tree

LEDGER = "negatives.jsonl"
OWN = ".curate/ledger.jsonl"
MAX_BYTES = 64 << 20  # of a ledger; ten million decisions are no data set of anybody's

MOST_WHOLE = 2**63 - 1  # the largest number that is believed
MOST_UNREAD = 20  # lines that are told one by one: a file that is no ledger has many

NEVER, VERIFIED, BY_MODEL = "never-labelled", "verified-negative", "negative-by-model"
STATES = (NEVER, VERIFIED, BY_MODEL)
NEGATIVE = frozenset({VERIFIED, BY_MODEL})  # what trains as background


@dataclass(frozen=True)
class Claim:
    """What a model takes for an object in a picture; `xyxy` in its pixels as stored."""

    name: str
    confidence: float
    xyxy: tuple[float, float, float, float]


@dataclass(frozen=True)
class Decision:
    """One line of a ledger. Paths are relative to a data set, with forward slashes."""

    image: str  # relative to the folder that the ledger is about
    decision: str  # one of STATES
    who: str
    sha256: str  # of the image as it was then
    bytes: int | None = None  # its size then: tells most changes without reading
    when: str | None = None  # as given; never taken from the clock unasked
    why: str | None = None
    source: str | None = None  # the image it was copied or cut from ...
    origin: str | None = None  # ... in a "folder" of backgrounds, or in the "data set" it was made for
    source_sha256: str | None = None  # where its bytes are not the same
    box: tuple[int, int, int, int] | None = None  # xyxy, the part of the source that was cut out
    model: str | None = None  # file name of the model that was asked ...
    model_sha256: str | None = None
    claims: tuple[Claim, ...] = ()  # ... and what it saw
    seed: int | None = None


@dataclass(frozen=True)
class Unread:
    """A line of a ledger that cannot be read (0: the whole file), and why."""

    file: str
    line: int
    why: str


@dataclass(frozen=True)
class Ledger:
    """All decisions that stand in a data set, by image, and the lines that could not be read."""

    decisions: Mapping[str, Decision] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    def about(
        self, image: str, size: int | None, digest: Callable[[], str | None]
    ) -> tuple[Decision, bool] | None:
        """The decision about a picture, and whether it still holds: its bytes are those decided upon.

        `size` is that of the file now; `digest` gives its SHA-256 and is called only where that may be one
        on record. None where nothing was decided.
        """
        own = self.decisions.get(image)
        if {size, None} & self._sizes:
            now = digest()
            same = [one for one in self._by_digest.get(now, ()) if one.bytes in (size, None)]
            if own in same:
                return own, True
            if same:  # the picture was moved or copied
                return same[0], True
        return None if own is None else (own, False)

    @cached_property
    def _sizes(self) -> frozenset[int | None]:
        return frozenset(decision.bytes for decision in self.decisions.values())

    @cached_property
    def _by_digest(self) -> dict[str | None, list[Decision]]:
        """By image; those that tell a size first."""
        by_digest: dict[str | None, list[Decision]] = {}
        for decision in sorted(self.decisions.values(), key=lambda one: (one.bytes is None, one.image)):
            by_digest.setdefault(decision.sha256, []).append(decision)
        return by_digest


def read(tree: Tree) -> Ledger:
    """The ledgers of a data set; an empty one where there is none. Never raises."""
    decisions: dict[str, Decision] = {}
    unread: list[Unread] = []
    for name in (LEDGER, OWN):
        content = _content(tree, name)
        if isinstance(content, Unread):
            unread.append(content)
        elif content is not None:
            found, wrong = parse(content, name)
            decisions.update((decision.image, decision) for decision in found)
            unread += wrong
    return Ledger(decisions, tuple(unread))


def read_file(tree: Tree, name: str) -> Ledger:
    """One of the two alone."""
    content = _content(tree, name)
    if content is None:
        return Ledger()
    if isinstance(content, Unread):
        return Ledger(unread=(content,))
    found, wrong = parse(content, name)
    return Ledger({decision.image: decision for decision in found}, tuple(wrong))


def _content(tree: Tree, name: str) -> bytes | Unread | None:
    try:
        folder = tree.path(name).parent
        if folder != tree.root and (folder.is_symlink() or not folder.is_dir()):
            return None if not folder.is_symlink() else Unread(name, 0, f"{folder.name} is a link")
        return tree.read(name, MAX_BYTES)
    except FileNotFoundError:
        return None
    except UnsafePath as error:
        return Unread(name, 0, error.message)
    except OSError as error:
        return Unread(name, 0, error.strerror or str(error))


def parse(content: bytes, name: str) -> tuple[list[Decision], list[Unread]]:
    """The decisions of a file, and lines that hold none (MOST_UNREAD are told). Blank ones do not count."""
    decisions, unread = [], []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            decisions.append(_decision(json.loads(line.decode())))
        except (ValueError, RecursionError) as error:
            why = "it is not JSON" if isinstance(error, json.JSONDecodeError | RecursionError) else str(error)
            why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else why
            unread.append(Unread(name, number, why))
    if len(unread) > MOST_UNREAD:
        more = f"and {len(unread) - MOST_UNREAD:,} lines more"
        unread = [*unread[:MOST_UNREAD], Unread(name, unread[MOST_UNREAD].line, more)]
    return decisions, unread


def _decision(row: Any) -> Decision:
    """Raises ValueError, in words."""
    if not isinstance(row, dict):
        raise ValueError("it is no JSON object")
    known: dict[str, Any] = {}
    for one in fields(Decision):
        value = row.get(one.name)
        if value is None:
            if one.name in ("image", "decision", "who", "sha256"):
                raise ValueError(f"it has no {one.name!r}")
            continue
        known[one.name] = _READERS.get(one.name, _text)(one.name, value)
    if known["decision"] not in STATES:
        raise ValueError(f"{known['decision']!r} is no decision; there are {', '.join(STATES)}")
    return Decision(**known)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key!r} is no text")
    return value


def _sha256(key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError(f"{key!r} is no SHA-256")
    return value


def _whole(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_WHOLE:
        raise ValueError(f"{key!r} is no whole number")
    return value


def _number(key: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -1e300 < value < 1e300:
        raise ValueError(f"{key!r} is no number")
    return float(value)


def _box(key: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) != 4:
        raise ValueError(f"{key!r} is no box")
    return tuple(_whole(key, part) for part in value)


def _claims(key: str, value: Any) -> tuple[Claim, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{key!r} is no list")
    claims = []
    for row in value:
        corners = row.get("xyxy") if isinstance(row, dict) else None
        if not isinstance(corners, list) or len(corners) != 4:
            raise ValueError(f"{key!r} holds what is no detection")
        x0, y0, x1, y1 = (_number(key, part) for part in corners)
        claims.append(
            Claim(_text(key, row.get("name")), _number(key, row.get("confidence")), (x0, y0, x1, y1))
        )
    return tuple(claims)


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "sha256": _sha256,
    "source_sha256": _sha256,
    "model_sha256": _sha256,
    "bytes": _whole,
    "seed": _whole,
    "box": _box,
    "claims": _claims,
}


def moment(when: str | None) -> str | None:
    """A date for the record: "now" asks the clock, all else must be an ISO date. Raises CurateError."""
    if when is None:
        return None
    if when.strip().lower() == "now":
        return datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        datetime.fromisoformat(when.strip())
    except ValueError:
        raise CurateError(
            f"--when {when} is no date.", "Write it as 2027-01-31, as 2027-01-31T14:05, or now."
        ) from None
    return when.strip()


def dump(decisions: Iterable[Decision]) -> bytes:
    """One JSON object a line, in the order given; what is not known is left out."""
    return "".join(json.dumps(_row(d), ensure_ascii=False) + "\n" for d in decisions).encode(
        "utf-8", "backslashreplace"
    )


def _row(decision: Decision) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for one in fields(decision):
        value = getattr(decision, one.name)
        if one.name == "claims":
            value = [vars(claim) for claim in value] or None
        if value is not None:
            row[one.name] = value
    return row
