"""Chinese: the text formats themselves: counts, tables, notes."""

from __future__ import annotations

from curate.report.languages import Pairs

TWINS: dict[str, Pairs] = {
    "terminal": (
        # findings
        ("fix", "修复"),
        ("unsafe fix", "修复（须确认）"),
        ("by hand", "人工处理"),
        ("{n} x ", "{0} 处 "),
        (", first at ", "，首个位于 "),
        # counts
        ("{n} error", "{0} 个错误"),
        ("{n} errors", "{0} 个错误"),
        ("{n} warning", "{0} 个警告"),
        ("{n} warnings", "{0} 个警告"),
        ("{n} info", "{0} 条提示"),
        ("{n} infos", "{0} 条提示"),
        ("found ", "发现 "),
        (", ", "，"),
        ("nothing to complain about", "没有发现问题"),
        # what trainers see
        (
            "a trainer would see {n} of {n} images and {n} of {n} boxes",
            "训练程序能看到 {1} 张图像中的 {0} 张，{3} 个框中的 {2} 个",
        ),
        ("{n} images and {n} boxes", "{0} 张图像，{1} 个框"),
        (
            "{n} images and {n} boxes, {n} image{} as if nothing were on them",
            "{0} 张图像，{1} 个框，其中 {2} 张被当作没有目标",
        ),
        # repairs
        (
            "would fix {n} {w} in {n} {w}; nothing was written",
            "将修复 {2} 个文件中的 {0} 个问题；没有写入任何文件",
        ),
        ("fixed {n} {w} in {n} {w}", "已修复 {2} 个文件中的 {0} 个问题"),
        (" (run {w}; to take it back: {})", "（第 {0} 次运行；撤销：{1}）"),
        (
            "[*] {n} fixable with --fix, {n} more with --fix --unsafe-fixes",
            "[*] {0} 个可用 --fix 安全修复，另有 {1} 个可用 --fix --unsafe-fixes 修复（须确认）",
        ),
        ("[*] {n} fixable with --fix", "[*] {0} 个可用 --fix 安全修复"),
        (
            "{n} fixable with --fix --unsafe-fixes (look at them first with --diff)",
            "{0} 个可用 --fix --unsafe-fixes 修复（请先用 --diff 查看）",
        ),
        ("note", "注意"),
        (
            "repairs kept undoing each other and were stopped; please report this",
            "有些修复互相抵消，已停止；请报告此情况",
        ),
        ("{n} {w} left aside, first {}: {}", "跳过 {0} 个文件，首个是 {2}：{3}"),
        ("not asked without --pixels: {}", "没有 --pixels，未检查：{0}"),
        # the talk on stderr
        ("written to {}", "已写入 {0}"),
        ("reading", "正在读取"),
        ("checking", "正在检查"),
        ("looking at pixels", "正在查看像素"),
        ("working out repairs", "正在推算修复"),
        ("writing", "正在写入"),
        ("watching; Ctrl-C ends it", "正在监视；按 Ctrl-C 结束"),
        ("{n} {w} changed: {}", "{0} 个文件有改动：{2}"),
        # undo and log
        ("nothing to take back: no run of repairs stands", "没有可撤销的修复"),
        ("no run of repairs stands", "没有修复记录"),
        ("run {w} taken back: {n} {w} restored", "已撤销第 {0} 次运行：恢复了 {1} 个文件"),
        ("run {w} taken back in part: {n} {w} restored", "已部分撤销第 {0} 次运行：恢复了 {1} 个文件"),
        ("{n} {w}, {n} {w}", "{0} 个问题，{2} 个文件"),
        (", cut short", "，中途停止"),
        ("as before", "与修复前相同"),
        ("repaired", "已修复"),
        ("changed since", "之后有改动"),
        ("gone since", "之后已消失"),
        (" (was {})", "（原名 {0}）"),
        ("(no file)", "（无文件）"),
        # tables
        ("code", "规则"),
        ("name", "名称"),
        ("severity", "级别"),
        ("findings", "问题数"),
        ("safe fix", "可安全修复"),
        ("error", "错误"),
        ("warning", "警告"),
        ("info", "提示"),
        ("trainer", "训练程序"),
        ("images", "图像"),
        ("boxes", "框"),
        ("emptied images", "误当作无目标的图像"),
    ),
    "consumer": (
        ("the common reader of this format", "该格式的常见读取程序"),
        ("curate export, then trainer", "curate export 加 trainer"),
        ("Ultralytics 8.4", "Ultralytics 8.4"),
        ("one that drops difficult objects", "丢弃 difficult 目标的程序"),
    ),
    "note": (
        (
            "repairs are made in Pascal VOC only; those of {w} are left to you",
            "只自动修复 Pascal VOC；{0} 的问题请自行处理",
        ),
        ("{n} {w} suppressed", "已按设置隐藏 {0} 个问题"),
        (
            "{n} {w} written to {}: from now on --baseline {} hides them",
            "已把 {0} 个问题写入 {2}：今后可用 --baseline {3} 隐藏它们",
        ),
        (
            "{n} known {w} hidden by the baseline {}; {n} of it {w} gone: --write-baseline forgets them",
            "基线 {2} 隐藏了 {0} 个已知问题；其中 {3} 个已不存在，可用 --write-baseline 清除",
        ),
        ("{n} known {w} hidden by the baseline {}", "基线 {2} 隐藏了 {0} 个已知问题"),
        (
            "the baseline {} hides nothing; {n} of it {w} gone: --write-baseline forgets them",
            "基线 {0} 没有隐藏任何问题；其中 {1} 个已不存在，可用 --write-baseline 清除",
        ),
        (
            "[[suppress]] {w} in {} ended on {w}: {n} {w} shown again",
            "[[suppress]] {0}（{1}）已于 {2} 到期：{3} 个问题重新显示",
        ),
        (
            "[[suppress]] {w} in {} hides nothing: take it out of the configuration",
            "[[suppress]] {0}（{1}）没有隐藏任何问题：请从配置中删除",
        ),
        (
            "{n} {w} `curate: ignore` with nothing to hide, first at {}",
            "{0} 处 `curate: ignore` 注释没有可隐藏的问题，首个在 {2}",
        ),
    ),
    "aside": (
        ("a segmentation mask", "是分割掩码"),
        ("not VOC: the root is <{}>", "不是 VOC：根元素是 <{0}>"),
        ("a list that cannot be read", "列表无法读取"),
        ("text that is no label file of an image here", "不是这里任何图像的标注文件"),
        ("kpt_shape: the keypoints behind the boxes", "kpt_shape：框后面的关键点"),
        ("cannot be read: {}", "无法读取：{0:system}"),
        ("no YAML: {}", "不是有效的 YAML：{0}"),
        ("{}: {} is not there", "{0}：{1} 不存在"),
        ("{}: all of them could only mean {}; no splits", "{0}：都只能指 {1}；没有划分"),
        ("{n} lines, more than any list of images", "{0} 行，不可能是图像列表"),
        ("another view of the images in {}", "与 {0} 是同一批图像"),
        ("JSON without a list of images", "JSON 中没有图像列表"),
        (
            "annotations without boxes (captions, panoptic or image labels)",
            "没有框的标注（描述、全景分割或图像分类）",
        ),
        ("an image without file_name: {}", "图像没有 file_name：{0}"),
        (
            "{n} annotations name an image id that the file does not list",
            "{0} 个标注的图像编号不在文件中",
        ),
        ("category {q} has no whole-number id", "类别 {0} 的编号不是整数"),
        (
            "category {n} is {q} here and {q} in another file",
            "编号 {0} 的类别在这里是 {1}，在另一个文件中是 {2}",
        ),
        ("a folder that cannot be listed ({})", "文件夹无法列出（{0:system}）"),
        ("an entry that cannot be looked at ({})", "无法查看（{0:system}）"),
        ("a link to nothing", "指向不存在的文件的链接"),
        ("a link that leads in a circle", "循环链接"),
        ("a link that cannot be followed ({})", "无法打开的链接（{0:system}）"),
        ("a link that leaves the folder", "指向文件夹之外的链接"),
        ("a link to a folder, and such links are not followed", "指向文件夹的链接，不予跟随"),
        ("a link to {}", "指向{0:aside}的链接"),
        ("a named pipe", "命名管道"),
        ("a folder", "文件夹"),
        ("a socket", "套接字"),
        ("a device", "设备"),
    ),
}
