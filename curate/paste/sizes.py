"""How large things are in life, in millimetres: what tells the size of a paste where no labelled pair does.

Cigarettes: king size, 84 x 7.8 mm (ISO 3308 names 84 mm). Hands: 50th percentile of adults, NASA-STD-3000:
breadth 85 mm, length 185 mm; the box of a hand in use is 90 to 125 mm in the geometric mean of its sides.
Fingers: breadth of the second joint 17 mm. Mouths: 50 mm. The others are common goods, measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from curate.paste.hosts.names import folded

HAND_MM = (90.0, 125.0)  # geometric mean of the sides of its box
FINGER_MM = 17.0
MOUTH_MM = 52.0


@dataclass(frozen=True)
class Real:
    """Length and thickness of a thing, mm."""

    length: float
    thickness: float


_KNOWN: dict[str, Real] = {}


def _know(names: str, length: float, thickness: float) -> None:
    for name in names.split():
        _KNOWN[folded(name)] = Real(length, thickness)


_know("cigarette cigarettes cig smoke smoking 香烟 烟 烟支 抽烟 吸烟", 84, 7.8)
_know("cigar cigars 雪茄", 125, 17)
_know("e-cigarette vape 电子烟", 110, 16)
_know("pen pens ballpen ballpoint marker 笔 钢笔 圆珠笔 水笔", 142, 10)
_know("pencil pencils 铅笔", 175, 7.5)
_know("chopstick chopsticks 筷子", 235, 7)
_know("toothpick toothpicks 牙签", 65, 2.2)
_know("straw straws 吸管", 195, 7)
_know("lollipop 棒棒糖", 110, 4)
_know("toothbrush 牙刷", 185, 13)
_know("screwdriver 螺丝刀", 200, 25)
_know("knife 刀 小刀 水果刀", 210, 25)
_know("spoon fork 勺子 叉子", 185, 30)
_know("phone cellphone mobile smartphone 手机 电话", 150, 72)
_know("cup mug 杯子", 95, 82)
_know("bottle 瓶子 水瓶", 220, 68)
_know("card 卡", 86, 54)
_know("lighter 打火机", 80, 24)
_know("key 钥匙", 57, 24)


def real(name: str) -> Real | None:
    """The usual size of a thing of that class; None where the name is not known."""
    return _KNOWN.get(folded(name))
