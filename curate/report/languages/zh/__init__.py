"""Simplified Chinese: for every text of the rules and of the text formats its twin. See `languages`."""

from __future__ import annotations

from curate.report.languages import EVERY_RULE, Pairs
from curate.report.languages.zh import (
    boxes,
    classes,
    encodings,
    errors,
    formats,
    header,
    images,
    markup,
    negatives,
    objects,
    safety,
    splits,
)

_LOST = (
    "XML readers refuse the file: the image and its labels are lost.",
    "XML 解析器会拒绝该文件：图像连同标注一起丢失。",
)

_EVERY_RULE: Pairs = (
    _LOST,
    ("write {q}", "改为 {0}"),
    ("state {w}, the size of the image", "改为图像的实际尺寸 {0}"),
    (
        "decide first on which picture the boxes were drawn (HDR005)",
        "请先判断框画在哪种方向的图像上（HDR005）",
    ),
    (
        "the image's size is not known either; bring the image back",
        "图像的实际尺寸也不知道；请找回图像",
    ),
    ("draw the box again", "重新画框"),
    ("{}, by hand", "{0:rule}（手动）"),
)

CATALOGUE: dict[str, Pairs] = {
    **encodings.TWINS,
    **markup.TWINS,
    **safety.TWINS,
    **header.TWINS,
    **objects.TWINS,
    **negatives.TWINS,
    **boxes.TWINS,
    **classes.TWINS,
    **images.TWINS,
    **splits.TWINS,
    **formats.TWINS,
    **errors.TWINS,
    EVERY_RULE: _EVERY_RULE,
}
