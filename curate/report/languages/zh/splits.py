"""Chinese: splits and copies."""

from __future__ import annotations

from curate.report.languages import Pairs

_MOVE: Pairs = (
    (
        "move {n} line(s) to {w}, where the rest of the group is",
        "把 {0} 行移到{1:split}，与同组其余图像放在一起",
    ),
)

TWINS: dict[str, Pairs] = {
    "SET001": (
        ("{q} is listed for {w} and is not there", "{0} 列在{1:split}中，但文件不存在"),
        ("Loaders stop at the missing file or skip it.", "加载程序会因缺少文件而中断，或跳过它。"),
        ("bring the file back, correct the name, or take the line out", "找回文件、改正名称，或删除该行"),
    ),
    "split": (("train", "训练集"), ("val", "验证集"), ("test", "测试集"), ("trainval", "训练验证集")),
    "splits": (("{w} and {}", "{0:split}和{1:splits}"), ("{w}", "{0:split}")),
    "SET002": (
        ("no split list names this annotation", "没有任何划分列表包含该标注"),
        ("It is never trained on and never evaluated.", "它既不参与训练，也不参与评测。"),
        ("put it into a list", "把它加入某个列表"),
    ),
    "SET003": (
        ("{q} is in {w} and in {} ({})", "{0} 同时在{1:split}和{2:splits}中（{3}）"),
        ("{q} is in {w} and in {}", "{0} 同时在{1:split}和{2:splits}中"),
        (
            "Validation chooses the detector that the test then judges, on one image.",
            "验证集选出检测器，测试集再评判它，用的是同一张图像。",
        ),
        (
            "The detector is judged on an image it was trained on.",
            "用训练过的图像来评测检测器。",
        ),
        ("take it out of the training list", "从训练列表中删除它"),
        ("take it out of one of the splits", "从其中一个划分中删除它"),
    ),
    "SET004": (
        ("the line {q} is more than the name {q}", "该行 {0} 不只是名称 {1}"),
        ("the line {q} is a remark, which lists do not have", "该行 {0} 是注释，而列表不支持注释"),
        (
            "Readers that paste an extension to the line do not find the file.",
            "在行后拼接扩展名的程序找不到文件。",
        ),
        (
            "Readers take it for the name of an image and stop or skip it.",
            "读取程序会把它当作图像名，从而中断或跳过。",
        ),
        ("say which of the files called {q} is meant", "请指明是哪一个名为 {0} 的文件"),
        ("take the line out", "删除该行"),
    ),
    "SET005": (
        ("{} ({w}) is a copy, {}, of {} ({w})", "{0}（{1:split}）与 {3}（{4:split}）{2:copy}"),
        (
            "The {w} split judges the detector on an image it has seen in {w}.",
            "用检测器在{1:split}中见过的图像，作为{0:split}来评判它。",
        ),
        ("take it out of the training list", "从训练列表中删除它"),
        ("take one of the copies out", "移除其中一份"),
    ),
    "copy": (("byte for byte", "的字节完全相同"), ("pixel for pixel", "的像素完全相同")),
    "SET006": (
        (
            "{} ({w}) shows the same picture as {} ({w}) (and {n} more)",
            "{0}（{1:split}）与 {2}（{3:split}）是同一画面（另有 {4} 张）",
        ),
        ("{} ({w}) shows the same picture as {} ({w})", "{0}（{1:split}）与 {2}（{3:split}）是同一画面"),
        ("The detector is judged on pictures it was trained on.", "用训练过的画面来评测检测器。"),
        *_MOVE,
        (
            "bring them into one split: move the files, or deal out anew with `curate split --pixels`",
            "把它们放入同一个划分：移动文件，或用 `curate split --pixels` 重新划分",
        ),
    ),
    "SET007": (
        (
            "{n} {} {q} are in different splits: {n} in {w}, {n} elsewhere, such as {} ({w})",
            "{1:group} {2} 的 {0} 张图像分散在不同的划分中：{4:split} {3} 张，其他 {5} 张，"
            "如 {6}（{7:split}）",
        ),
        ("The detector is judged on what it has all but seen.", "用检测器几乎见过的画面来评测它。"),
        *_MOVE,
        (
            "bring them into one split, or deal out anew with `curate split`",
            "把它们放入同一个划分，或用 `curate split` 重新划分",
        ),
    ),
    "group": (
        ("frames of the video", "视频"),
        ("versions of the source", "同一原图"),
        ("tiles of", "大图"),
        ("photographs of one burst of the camera", "同一次连拍，相机"),
    ),
    "SET008": (
        (
            "{} is a copy, {}, of {} (both in {w}); their labels differ",
            "{0} 与 {2} {1:copy}（都在{3:split}中）；但标注不同",
        ),
        ("{} is a copy, {}, of {} (both in {w})", "{0} 与 {2} {1:copy}（都在{3:split}中）"),
        ("{} is a copy, {}, of {}; their labels differ", "{0} 与 {2} {1:copy}；但标注不同"),
        ("{} is a copy, {}, of {}", "{0} 与 {2} {1:copy}"),
        ("The picture counts twice.", "该画面被计算两次。"),
        ("One picture teaches two different answers.", "同一画面给出两种不同的答案。"),
        ("take it out of the lists", "从列表中删除它"),
        ("take one of them out", "移除其中一份"),
        (
            "decide whose labels are right, take the other out",
            "判断哪一份标注正确，移除另一份",
        ),
    ),
    "SET009": (
        ("{} was made by `curate paste` and is in {w}", "{0} 由 `curate paste` 合成，却在{1:split}中"),
        (
            "The {w} figures judge pasted objects, which no camera will show.",
            "{0:split}的指标评判的是粘贴上去的目标，任何摄像头都拍不到。",
        ),
        ("take it out of {w}", "从{0:split}中删除它"),
        ("move it to the training list", "移到训练列表"),
        ("move it to the training folder", "移到训练集文件夹"),
    ),
}
