"""Chinese: the ledger of negatives, and what its decisions say about an image."""

from __future__ import annotations

from curate.report.languages import Pairs

DECIDED: Pairs = (
    (
        "the image was recorded as {w}, and its bytes were changed since",
        "图像曾登记为“{0:state}”，此后文件内容已改变",
    ),
    ("a negative by the word of a model alone", "仅由模型判定为负样本"),
    ("a negative by the word of a model alone: {}", "仅由模型判定为负样本：{0}"),
    ("Trained as background; nobody has looked.", "会被当作背景训练，而没有人看过。"),
    (
        "look at the picture; label it, or confirm it: curate negatives PATH --verify FILE",
        "查看图像；补上标注，或确认：curate negatives PATH --verify FILE",
    ),
)

TWINS: dict[str, Pairs] = {
    "ledger": (
        ("it is not JSON", "不是 JSON"),
        ("and {n} lines more", "另有 {0} 行"),
        ("it is not UTF-8", "不是 UTF-8 编码"),
        ("it is no JSON object", "不是 JSON 对象"),
        ("it has no {q}", "缺少 {0}"),
        ("{q} is no decision; there are {}", "{0} 不是有效的登记状态；可用的有 {1}"),
        ("{q} is no text", "{0} 不是文字"),
        ("{q} is no SHA-256", "{0} 不是 SHA-256"),
        ("{q} is no whole number", "{0} 不是整数"),
        ("{q} is no number", "{0} 不是数字"),
        ("{q} is no box", "{0} 不是框"),
        ("{q} is no list", "{0} 不是列表"),
        ("{q} holds what is no detection", "{0} 中有不是检测结果的内容"),
    ),
    "state": (
        ("never-labelled", "从未标注"),
        ("verified-negative", "已核实的负样本"),
        ("negative-by-model", "模型判定的负样本"),
    ),
}
