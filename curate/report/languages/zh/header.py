"""Chinese: the header against the image."""

from __future__ import annotations

from curate.report.languages import Pairs

TWINS: dict[str, Pairs] = {
    "HDR001": (
        ("the size of the image is not stated", "没有写图像尺寸"),
        ("<size> says {q}", "<size> 写的是 {0}"),
        (
            "Converters that divide by the size stop here or lose the image.",
            "需要除以尺寸的转换程序会在此中断，或丢失图像。",
        ),
    ),
    "HDR002": (
        ("<size> says {w}", "<size> 写的是 {0}"),
        (
            "Converters divide by the size: they stop, or write inf and nan instead of boxes.",
            "转换程序要除以尺寸：会中断，或把框写成 inf 和 nan。",
        ),
    ),
    "HDR003": (
        (
            "<size> says {w}, the image is {w}; {n} of {n} annotations of oblong images are transposed",
            "<size> 写的是 {0}，图像实际是 {1}；{3} 个非正方形图像的标注中有 {2} 个宽高写反",
        ),
        ("<size> says {w}, the image is {w}", "<size> 写的是 {0}，图像实际是 {1}"),
        (
            "Boxes divided by the wrong side are squeezed along one axis and stretched along the other.",
            "框除以错误的边长，会在一个方向被压缩，在另一个方向被拉长。",
        ),
        ("state {w}", "尺寸改为 {0}"),
        ("look whether the image was turned after labelling", "检查图像是否在标注后被旋转过"),
    ),
    "HDR004": (
        (
            "<size> says {w}, the image is {w}; {n} of {n} annotations are off in the same way",
            "<size> 写的是 {0}，图像实际是 {1}；{3} 个标注中有 {2} 个是同样的偏差",
        ),
        ("<size> says {w}, the image is {w}", "<size> 写的是 {0}，图像实际是 {1}"),
        ("Boxes divided by the stated size land beside their objects.", "框除以写明的尺寸后，会偏离目标。"),
        ("scale the boxes by {n} and state {w}", "把框缩放 {0} 倍，尺寸改为 {1}"),
        ("find out whether the boxes belong to this image", "查明这些框是否属于这张图像"),
    ),
    "HDR005": (
        (
            "EXIF orientation {n}: the image is shown {}, and its boxes lie on the {w} picture",
            "EXIF 方向为 {0}：图像显示时{1:turned}，框画在{2:picture}看到的图像上",
        ),
        ("EXIF orientation {n}: the image is shown {}", "EXIF 方向为 {0}：图像显示时{1:turned}"),
        (
            "Readers that turn the picture and readers that do not see the boxes in different places.",
            "按 EXIF 旋转图像的程序与不旋转的程序，看到的框位置不同。",
        ),
        (
            "look at the picture both ways; the stated size does not tell which one was labelled",
            "两种方向都看一看；从写明的尺寸看不出标注的是哪一种",
        ),
        ("mend the objects that are no plain boxes first", "请先处理不是普通矩形框的目标"),
        (
            "save the image upright; its tag cannot be changed in place",
            "把图像按正确方向另存；其 EXIF 标记无法原地修改",
        ),
        (
            "set the tag to 1, map the boxes onto the stored picture and state {w}",
            "把方向标记设为 1，把框换算到存储的图像上，尺寸改为 {0}",
        ),
        ("set the tag to 1 and state {w}", "把方向标记设为 1，尺寸改为 {0}"),
    ),
    "turned": (
        ("mirrored", "左右镜像"),
        ("turned by 180 degrees", "旋转 180 度"),
        ("flipped", "上下翻转"),
        ("transposed", "沿主对角线翻转"),
        ("turned clockwise", "顺时针旋转 90 度"),
        ("transversed", "沿副对角线翻转"),
        ("turned counter-clockwise", "逆时针旋转 90 度"),
    ),
    "picture": (("stored", "按存储方向"), ("displayed", "按显示方向")),
    "HDR006": (
        ("<depth> says {n}, the image has {n} channel(s)", "<depth> 写的是 {0}，图像实际有 {1} 个通道"),
        (
            "Trainers load every image as three channels, so this changes nothing for them.",
            "训练程序一律按三通道读取图像，所以不影响训练。",
        ),
        ("state {n}", "改为 {0}"),
    ),
    "HDR007": (
        ("<filename> is missing", "缺少 <filename>"),
        ("<filename> is empty", "<filename> 是空的"),
        ("<filename> {q} names no file of this data set", "数据集中没有 <filename> 所写的文件 {0}"),
        (
            "Readers that look for the named file lose this image; those that go by the stem keep it.",
            "按 <filename> 查找图像的程序会丢失它；按文件主名配对的不受影响。",
        ),
        ("write {q}, the image with the annotation's stem", "改为 {0}，即与标注同名的图像"),
    ),
    "HDR008": (
        ("<filename> says {q}, the file is {q}", "<filename> 写的是 {0}，实际文件是 {1}"),
        ("Readers that look for the named file lose this image.", "按 <filename> 查找图像的程序会丢失它。"),
        ("choose between {}", "请从中选择：{0}"),
    ),
    "HDR009": (
        (
            "<filename> {q} is another image; this annotation's own is {q}",
            "<filename> {0} 是另一张图像；本标注对应的是 {1}",
        ),
        (
            "<filename> {q} is another annotation's image; none has this one's stem",
            "<filename> {0} 是另一个标注的图像；没有与本标注同名的图像",
        ),
        (
            "Readers that follow <filename> train these boxes on the wrong picture.",
            "按 <filename> 读取的程序会把这些框训练到错误的图像上。",
        ),
        ("write {q}; look whether the boxes belong to it", "改为 {0}；请检查框是否属于该图像"),
        (
            "delete the annotation if it is a left-over copy, or bring its image back",
            "如果是遗留的副本就删除该标注，否则找回它的图像",
        ),
    ),
    "HDR010": (
        ("<filename> {q} names a folder; the image is {q}", "<filename> {0} 带有文件夹；图像是 {1}"),
        (
            "Readers that look for the named file below the folder of images lose this image.",
            "在图像文件夹下按 <filename> 查找的程序会丢失它。",
        ),
        ("keep the base name {q}", "只保留文件名 {0}"),
        ("write the name of the image's file", "改为图像的文件名"),
    ),
}
