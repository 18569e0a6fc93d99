"""Chinese: classes."""

from __future__ import annotations

from curate.report.languages import Pairs

TWINS: dict[str, Pairs] = {
    "CLS001": (
        (
            "the class {q} is not in the list of classes; did you mean {q}?",
            "类别 {0} 不在类别列表中；是否应为 {1}？",
        ),
        ("the class {q} is not in the list of classes", "类别 {0} 不在类别列表中"),
        ("the class {q} is not in {}; did you mean {q}?", "类别 {0} 不在 {1} 中；是否应为 {2}？"),
        ("the class {q} is not in {}", "类别 {0} 不在 {1} 中"),
        (
            "Converters leave the object out without a word; it is then trained as background.",
            "转换程序会不声不响地漏掉该目标，使它被当作背景训练。",
        ),
        ("add the class to the list, or rename the object", "把该类别加入列表，或修改目标的类别名"),
    ),
    "CLS002": (
        (
            "the class {q} ({}) is another spelling of {q} ({})",
            "类别 {0}（{1:boxes}）是 {2}（{3:boxes}）的另一种写法",
        ),
        (
            "Names are compared letter for letter: the object is left out or becomes a class of its own.",
            "类别名逐字比较：该目标会被漏掉，或自成一类。",
        ),
        ("choose between {q} and {q}", "在 {0} 和 {1} 中选择一个"),
    ),
    "CLS003": (
        ("the class {q} ({}) looks like {q} ({})", "类别 {0}（{1:boxes}）疑似 {2}（{3:boxes}）的误写"),
        ("It becomes a class of its own with hardly an example.", "它会自成一类，几乎没有样本。"),
    ),
    "boxes": (("{n} box", "{0} 个框"), ("{n} boxes", "{0} 个框")),
    "CLS004": (
        ("class {n}, {q}, has no box", "第 {0} 个类别 {1} 没有框"),
        ("The detector gets an output that never fires.", "检测器会多出一个从不响应的输出。"),
        ("take it off the list, or label such objects", "从列表中删除它，或标注此类目标"),
    ),
    "CLS005": (
        ("the class is the number {q}", "类别名是数字 {0}"),
        (
            "It is not found among the names, or becomes a class called after the number.",
            "在类别列表中找不到它，或者它以数字为名自成一类。",
        ),
        ("write the name of the class", "改为类别的名称"),
        ("write {q}, class {n} of the list", "改为 {0}（列表中编号 {1} 的类别）"),
    ),
    "CLS006": (
        ("the class {q}, the only one, has {}", "唯一的类别 {0} 有 {1:boxes}"),
        ("the class {q}, the most frequent one, has {}", "最多的类别 {0} 也只有 {1:boxes}"),
        (
            "the class {q} has {}; the most frequent one, {q}, has {n}",
            "类别 {0} 有 {1:boxes}；最多的类别 {2} 有 {3} 个",
        ),
        ("With so few examples a detector learns them by heart.", "样本太少，检测器只会死记硬背。"),
        ("label more of it, or make more with `curate paste`", "多标注一些，或用 `curate paste` 合成"),
    ),
}
