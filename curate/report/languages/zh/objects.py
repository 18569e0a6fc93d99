"""Chinese: objects."""

from __future__ import annotations

from curate.report.languages import Pairs
from curate.report.languages.zh.negatives import DECIDED

_DROPPED_OBJECT = (
    "Converters stop here or leave the object out; it is then trained as background.",
    "格式转换程序会在此中断，或漏掉该目标，使它被当作背景训练。",
)

TWINS: dict[str, Pairs] = {
    "OBJ001": (
        ("the annotation names no object", "标注中没有目标"),
        (
            "Trained as background: right if nothing is there, harmful if it was never labelled.",
            "会被当作背景训练：图中确实没有目标就对，漏标了则有害。",
        ),
        (
            'look at the picture; label it, mark it verified="yes", or: curate negatives PATH --verify FILE',
            '查看图像；补上标注、标记 verified="yes"，或运行 curate negatives PATH --verify FILE',
        ),
        *DECIDED,
        ("the ledger of negatives cannot be read here: {}", "负样本登记簿的这一行无法读取：{0:ledger}"),
        (
            "What it decides is not known, so the image is asked about again.",
            "不知道它登记了什么，因此会再次询问该图像。",
        ),
        ("correct the line or take it out", "改正该行，或把它删除"),
    ),
    "OBJ002": (
        ("the object has no name", "目标没有类别名"),
        (
            "The box has no class: converters stop here or leave it out.",
            "框没有类别：转换程序会在此中断，或漏掉它。",
        ),
        ("name the object", "填写类别名"),
        ("write {q}, the only class there is", "填写唯一的类别 {0}"),
    ),
    "OBJ003": (
        ("the object has a polygon and no box", "目标只有多边形，没有框"),
        ("the object has no box", "目标没有框"),
        _DROPPED_OBJECT,
        ("add the box that encloses the polygon", "添加多边形的外接矩形框"),
        ("draw the box, or delete the object", "画上框，或删除该目标"),
    ),
    "OBJ004": (
        ("the object has a rotated box and no upright one", "目标只有旋转框，没有水平框"),
        _DROPPED_OBJECT,
        ("draw an upright box", "画上水平框"),
        ("add the upright box around it, {w},{w},{w},{w}", "添加它的外接水平框 {0},{1},{2},{3}"),
    ),
    "OBJ005": (
        ("the object has {n} boxes", "一个目标有 {0} 个框"),
        (
            "Readers take the first box; {n} label(s) are lost and trained as background.",
            "读取程序只取第一个框；其余 {0} 个丢失，被当作背景训练。",
        ),
        ("make an object of each box", "把每个框改为单独的目标"),
    ),
    "OBJ006": (
        ("<{w}> says {q}, neither 0 nor 1", "<{0}> 写的是 {1}，既不是 0 也不是 1"),
        (
            "Readers that take it for a number stop here, or guess.",
            "把它当作数字读取的程序会在此中断，或只能猜测。",
        ),
        ("write {n}", "改为 {0}"),
    ),
    "OBJ007": (
        ("the box has no {}", "框缺少 {0:corners}"),
        ("Converters stop at this box or lose it.", "转换程序会在此框中断，或丢失它。"),
    ),
    "corners": (("{w} and no {}", "{0}、{1:corners}"),),
    "OBJ008": (
        ("{q} is marked difficult", "{0} 标记为 difficult（困难样本）"),
        ("None is marked difficult", "没有类别名的目标标记为 difficult（困难样本）"),
        (
            "Several converters leave it out silently, and it is trained as background.",
            "有些转换程序会不声不响地漏掉它，使它被当作背景训练。",
        ),
        ("know whether your trainer keeps difficult objects", "请确认训练程序是否保留困难样本"),
    ),
}
