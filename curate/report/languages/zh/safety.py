"""Chinese: what must not be opened."""

from __future__ import annotations

from curate.report.languages import Pairs

TWINS: dict[str, Pairs] = {
    "SEC001": (
        ("entities that must not be expanded: {}", "含有不应展开的实体：{0:entity}"),
        ("dangerous entities", "含有危险的实体"),
        (
            "A careless XML reader runs out of memory here, or reads files from outside the data set.",
            "不加防范的 XML 解析器会耗尽内存，或读取数据集以外的文件。",
        ),
        (
            "find out where the file came from; remove the DOCTYPE and what refers to it",
            "查明文件的来源；删除 DOCTYPE 和对它的引用",
        ),
    ),
    "entity": (
        ("entities that expand to {n} characters", "展开后有 {0} 个字符"),
        ("parameter entity {}", "参数实体 {0}"),
        ("external entity {}", "外部实体 {0}"),
        ("entity {} is made of other entities", "实体 {0} 由其他实体组成"),
    ),
    "SEC002": (
        ("<filename> {q} leaves the folder of images", "<filename> {0} 指向图像文件夹之外"),
        (
            "Readers that follow it open a file outside the data set, or find none and lose the image.",
            "照此路径读取的程序会打开数据集以外的文件，或因找不到文件而丢失图像。",
        ),
        ("keep the base name {q}", "只保留文件名 {0}"),
        ("name the image's file, without a folder", "只写图像的文件名，不带文件夹"),
    ),
    "SEC003": (
        (
            "<path> of this and of {n} more annotations publishes the directory of the user {q}",
            "本文件和另外 {0} 个标注文件的 <path> 泄露了用户 {1} 的目录",
        ),
        ("<path> of this publishes the directory of the user {q}", "本文件的 <path> 泄露了用户 {0} 的目录"),
        (
            "No trainer reads it; the name of an account goes wherever the data set goes.",
            "训练程序不读取它；但用户名会随数据集一起流传。",
        ),
        ("drop <path>", "删除 <path>"),
    ),
    "SEC004": (
        ("beyond what an annotation holds: {}", "超出标注文件的合理规模：{0:large}"),
        ("too large", "太大"),
        ("Readers may run out of memory or time at this file.", "读取该文件可能耗尽内存或耗时过长。"),
        ("look at the file; split it or leave it out", "检查该文件；拆分或移除"),
        ("the image claims {n} x {n} pixels", "图像声称有 {0} x {1} 像素"),
        ("Readers run out of memory when they decode it.", "读取程序解码时会耗尽内存。"),
        (
            "look whether the image is honest; leave it out, or cut it into tiles",
            "检查图像尺寸是否属实；移除它，或切成小块",
        ),
    ),
    "large": (
        ("{n} bytes, more than {n}", "{0} 字节，上限 {1}"),
        ("{n} lines, more than {n}", "{0} 行，上限 {1}"),
        ("{n} bytes", "{0} 字节"),
        ("{n} lines", "{0} 行"),
        ("more than {n} errors", "错误超过 {0} 个"),
        ("more than {n} elements", "元素超过 {0} 个"),
        ("elements more than {n} deep", "元素嵌套超过 {0} 层"),
    ),
}
