"""What data sets call the things that hold others, and which classes `--onto` means."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curate.errors import CurateError
from curate.paste.hosts.model import HAND, MOUTH, THING
from curate.tree import display


def folded(name: str) -> str:
    """A class name as compared: NFKC, case folded, without blanks, hyphens and underscores."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if not c.isspace() and c not in "-_")


def _words(text: str) -> frozenset[str]:
    return frozenset(folded(word) for word in text.split())


HANDS = _words(
    "hand hands left_hand right_hand left right l_hand r_hand hand_left hand_right h_left h_right palm fist"
    " fingers person_hand human_hand smoking_hand hand_held 手 手部 手掌 左手 右手 双手 人手 拳头"
)
MOUTHS = _words("mouth mouths lip lips 嘴 嘴巴 嘴唇 口 口部 唇")
_ANY_HAND = _words("hand hands 手 手部")
_ANY_MOUTH = _words("mouth mouths lips 嘴 嘴巴")
FACES = _words("face faces head heads human_face person_face 脸 人脸 面部 人头 头 头部")
# flat things that carry others, and hollow things that hold them
SURFACES = _words(
    "table desk plate tray road street lane floor ground shelf bed sofa counter conveyor belt board"
    " tables desks plates trays roads streets lanes floors shelves counters"
    " 桌子 桌面 盘子 托盘 路 道路 马路 地面 地板 架子 货架 床 沙发 传送带"
)
HOLLOWS = _words(
    "bowl cup basket box bag bin pot pan drawer crate bowls cups baskets boxes bags bins"
    " 碗 杯子 篮子 盒子 箱子 袋子 桶 锅 抽屉"
)


@dataclass(frozen=True)
class Wanted:
    """What `--onto` asks for: label classes with the kind of host they are, and kinds to be searched for."""

    labelled: tuple[tuple[str, str], ...]  # (class as written, kind)
    sought: tuple[str, ...] = ()  # kinds that no label names: to be found in the pixels
    faces: tuple[str, ...] = ()  # label classes in which a mouth is to be found

    @property
    def classes(self) -> tuple[str, ...]:
        """The label classes, as written."""
        return tuple(name for name, _ in self.labelled)


def is_hand(name: str) -> bool:
    """Whether a class name is a usual one for hands."""
    return folded(name) in HANDS


def is_mouth(name: str) -> bool:
    """Whether a class name is a usual one for mouths."""
    return folded(name) in MOUTHS


def is_kind(asked: str) -> bool:
    """Whether a word of `--onto` means all hands, or all mouths, and is no matter of labels alone."""
    return folded(asked) in _ANY_HAND | _ANY_MOUTH


def wanted(
    there: Iterable[str], onto: Sequence[str], relation: str | None, seen: Sequence[str] = ()
) -> Wanted:
    """Sort out `--onto` against the classes of a data set.

    `hands` and `mouths` stand for every usual name of them. Where no class has one they are sought in the
    pixels. A class with another name is a hand or a thing as `relation` says: what is held is held by hands.
    One that the data set lacks and a model knows as a hand, by `seen`, is sought by it.
    Raises CurateError, listing the classes there are, for a name that is neither.
    """
    there = sorted(set(there))
    labelled: dict[str, str] = {}
    sought: list[str] = []
    faces: list[str] = []
    for asked in onto:
        if folded(asked) in _ANY_HAND:
            own = [n for n in there if is_hand(n)]
            labelled.update((n, HAND) for n in own)
            sought += [] if own else [HAND]
        elif folded(asked) in _ANY_MOUTH:
            own = [n for n in there if is_mouth(n)]
            labelled.update((n, MOUTH) for n in own)
            faces += [] if own else [n for n in there if folded(n) in FACES]
            sought += [] if own or faces else [MOUTH]
        elif folded(asked) in map(folded, seen) and folded(asked) not in map(folded, there):
            sought.append(HAND)
        else:
            for name in _named(there, asked):
                labelled[name] = _kind(name, relation)
    return Wanted(tuple(labelled.items()), tuple(dict.fromkeys(sought)), tuple(dict.fromkeys(faces)))


def named(there: Iterable[str], asked: Sequence[str]) -> tuple[str, ...]:
    """The class names of a data set that were asked for. Raises CurateError, listing those there are."""
    there = sorted(set(there))
    return tuple(dict.fromkeys(name for one in asked for name in _named(there, one)))


def _named(there: Sequence[str], asked: str) -> list[str]:
    found = [name for name in there if folded(name) == folded(asked)]
    if not found:
        classes = ", ".join(f"'{display(name)}'" for name in there) or "none"
        raise CurateError(
            f"No class is called {display(asked)}; the classes there are: {classes}.",
            "Name one of them. hands and mouths stand for all their usual names, and are found unlabelled.",
        )
    return found


def _kind(name: str, relation: str | None) -> str:
    if is_mouth(name):
        return MOUTH
    if is_hand(name) or relation == "held-in":
        return HAND
    if relation is not None or folded(name) in SURFACES | HOLLOWS:
        return THING
    return HAND  # things are held unless something says otherwise
