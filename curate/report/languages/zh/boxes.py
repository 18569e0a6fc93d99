"""Chinese: geometry."""

from __future__ import annotations

from curate.report.languages import Pairs

TWINS: dict[str, Pairs] = {
    "BOX001": (
        (
            "xmin {} is greater than xmax {}; ymin {} is greater than ymax {}",
            "xmin（{0}）大于 xmax（{1}）；ymin（{2}）大于 ymax（{3}）",
        ),
        ("xmin {} is greater than xmax {}", "xmin（{0}）大于 xmax（{1}）"),
        ("ymin {} is greater than ymax {}", "ymin（{0}）大于 ymax（{1}）"),
        (
            "The box has a negative side: some trainers drop the whole image, the others the box.",
            "框的边长为负：有的训练程序丢弃整张图像，其余的丢弃该框。",
        ),
        ("exchange the two numbers", "交换这两个数"),
        (
            "exchange the two numbers; the box is then odd, so look at it",
            "交换这两个数；交换后的框仍不寻常，请查看",
        ),
    ),
    "BOX002": (
        ("the box {} is {} outside the image of {w}", "框 {0} 超出图像（{2}）：{1:beyond}"),
        (
            "A tool that counts pixels from 0 wrote it; readers that count from 1 clip it.",
            "由像素从 0 计数的工具写出；从 1 计数的程序会裁剪它。",
        ),
        (
            "Some loaders stop here, some drop the image, others train on a box off its object.",
            "有的加载程序会在此中断，有的丢弃图像，还有的用偏离目标的框训练。",
        ),
        ("cut the box at the edge of the image", "把框裁剪到图像边缘"),
    ),
    "beyond": (
        ("{n} px at the {w} and {}", "{1:side} {0} 像素、{2:beyond}"),
        ("{n} px at the {w}", "{1:side} {0} 像素"),
    ),
    "side": (("left", "左侧"), ("top", "上侧"), ("right", "右侧"), ("bottom", "下侧")),
    "BOX003": (
        ("the box {} lies off the image of {w}", "框 {0} 完全在图像（{1}）之外"),
        (
            "Nothing is left of the label; some trainers drop the image with it.",
            "该标注完全丢失；有的训练程序会连图像一起丢弃。",
        ),
        (
            "find out whether the boxes belong to this image, and whether it was resized",
            "查明这些框是否属于这张图像，以及图像是否缩放过",
        ),
    ),
    "BOX004": (
        ("the box {} is a point", "框 {0} 是一个点"),
        ("the box {} is a line", "框 {0} 是一条线"),
        (
            "A box without area is dropped, or divides by zero in the loss.",
            "没有面积的框会被丢弃，或使损失函数除以零。",
        ),
        (
            "label the object, or delete it and confirm that nothing is in the picture",
            "重新标注该目标；或删除它，并确认图中没有目标",
        ),
        ("remove the object, a click that was not meant", "删除该目标：它是误点产生的"),
    ),
    "BOX005": (
        ("{} is not a number", "{0} 不是数字"),
        ("{} are no numbers", "{0} 不是数字"),
        ("{q} is no class number", "{0} 不是类别编号"),
        (
            "{n} columns; a box has 5, a polygon an odd number from 7",
            "共 {0} 列；框应有 5 列，多边形应有不少于 7 的奇数列",
        ),
        ("{q} is not a finite number", "{0} 不是有限的数字"),
        ("annotation {}: bbox {}", "标注 {0} 的 bbox 无法读取：{1}"),
        (
            "The box is lost, or with it the whole image: trainers differ.",
            "该框会丢失，甚至整张图像都被丢弃：各训练程序做法不同。",
        ),
        (
            "Converters stop here; a NaN that gets through turns the whole loss into NaN.",
            "转换程序会在此中断；NaN 一旦漏过，会使整个损失变成 NaN。",
        ),
    ),
    "BOX006": (
        ("{} with a decimal comma", "{0} 用逗号作小数点"),
        ("Converters stop at this number or lose the box.", "转换程序会在此中断，或丢失该框。"),
        ("write a decimal point", "改用小数点"),
    ),
    "BOX007": (
        ("the box {} is given in shares of the image, not in pixels", "框 {0} 是归一化坐标，不是像素"),
        ("the box {} is given in per cent of the image, not in pixels", "框 {0} 是百分比坐标，不是像素"),
        (
            "Read as pixels, the box lies near the top left corner, whatever it frames.",
            "按像素读取，框总是挤在左上角，与目标无关。",
        ),
        (
            "Read as pixels, the box is a speck in the top left corner.",
            "按像素读取，它只是左上角的一个小点。",
        ),
        ("write {w},{w},{w},{w}", "改为 {0},{1},{2},{3}"),
    ),
    "BOX008": (
        (
            "the box {} is {n} px at its shorter side when the image is {n} px long",
            "图像长边为 {2} 像素时，框 {0} 的短边只有 {1} 像素",
        ),
        (
            "Detectors with cells of 8 px hardly learn and rarely find it.",
            "最小步长为 8 像素的检测器很难学会，也很少能检出。",
        ),
        (
            "train at a higher resolution or in tiles, or leave the object out knowingly",
            "用更高的分辨率或切块训练，或有意舍弃该目标",
        ),
    ),
    "BOX009": (
        ("the box {} covers {n}% of the image", "框 {0} 覆盖图像的 {1}%"),
        (
            "If it stands for 'somewhere in here', the detector learns to answer with the whole picture.",
            "如果它只表示“就在图中某处”，检测器会学成总是框住整张图。",
        ),
        ("look whether the object really fills the picture", "检查目标是否真的占满画面"),
    ),
    "BOX010": (
        ("the box {} of {q} is already object {n}", "{1} 的框 {0} 与第 {2} 个目标重复"),
        ("the box {} of None is already object {n}", "框 {0} 与第 {1} 个目标重复"),
        (
            "It weighs double in the loss, and in evaluation one of the two counts as missed.",
            "它在损失中计两次，评测时其中一个会被算作漏检。",
        ),
        ("keep the first one", "只保留第一个"),
        ("keep the first one, though their flags differ", "只保留第一个，尽管两者的标志不同"),
    ),
    "BOX011": (
        (
            "the box {} of {q} covers object {n}, {}, with an IoU of {n}; they differ in {}",
            "{1} 的框 {0} 与第 {2} 个目标（{3}）的 IoU 为 {4}；两者的 {5:flags} 不同",
        ),
        (
            "the box {} of {q} covers object {n}, {}, with an IoU of {n}",
            "{1} 的框 {0} 与第 {2} 个目标（{3}）的 IoU 为 {4}",
        ),
        (
            "the box {} of None covers object {n}, {}, with an IoU of {n}",
            "框 {0} 与第 {1} 个目标（{2}）的 IoU 为 {3}",
        ),
        (
            "An object labelled twice weighs double, and in evaluation one of the two counts as missed.",
            "重复标注的目标在损失中计两次，评测时其中一个会被算作漏检。",
        ),
        ("remove the later one", "删除后一个"),
        ("remove the later one, though they differ in {}", "删除后一个，尽管两者的 {0:flags} 不同"),
    ),
    "flags": (("{w} and {w}", "{0} 和 {1}"),),
    "BOX012": (
        (
            "the box {} is {q} here and {q} as object {n}; these two share {n} boxes",
            "框 {0} 在这里是 {1}，在第 {3} 个目标中是 {2}；这两个类别共有 {4} 个重合的框",
        ),
        ("the box {} is {q} here and {q} as object {n}", "框 {0} 在这里是 {1}，在第 {3} 个目标中是 {2}"),
        (
            "One picture teaches both classes and unteaches each; a detector gives a box one class.",
            "同一画面既教两个类别，又互相抵消；检测器对一个框只给出一个类别。",
        ),
        ("keep one of the two, or make one class of them", "只保留其中一个，或合并为一个类别"),
        ("keep the class that is right", "只保留正确的类别"),
    ),
    "BOX013": (
        (
            "pixels are counted {}: in {n} boxes {w} of the left and top sides are 0 and {w} are 1, "
            "{w} of the right and bottom sides are the size of the image and {w} are one less"
            "; {n} of {n} files looked at bear the marks of {}",
            "像素坐标{0:counted}：{1} 个框中，左边或上边为 0 的有 {2:count} 个，为 1 的有 {3:count} 个；"
            "右边或下边等于图像尺寸的有 {4:count} 个，比它小 1 的有 {5:count} 个；"
            "抽查的 {7} 个文件中有 {6} 个带有{8:writer}",
        ),
        (
            "pixels are counted {}: in {n} boxes {w} of the left and top sides are 0 and {w} are 1, "
            "{w} of the right and bottom sides are the size of the image and {w} are one less",
            "像素坐标{0:counted}：{1} 个框中，左边或上边为 0 的有 {2:count} 个，为 1 的有 {3:count} 个；"
            "右边或下边等于图像尺寸的有 {4:count} 个，比它小 1 的有 {5:count} 个",
        ),
        (
            "It is what the format says; readers that do not subtract 1 see every box a pixel further right.",
            "符合 VOC 格式的规定；不减 1 的程序会把每个框都看偏右 1 像素。",
        ),
        (
            "Readers that count as VOC does see every box a pixel further left, and 0 outside the image.",
            "按 VOC 计数的程序会把每个框都看偏左 1 像素，坐标 0 则在图像之外。",
        ),
        (
            "Whatever a reader assumes, a part of the boxes is one pixel off.",
            "无论程序按哪种方式计数，总有一部分框偏 1 像素。",
        ),
        ("pin the other base, or convert the data set", "在配置中改为另一种计数方式，或转换数据集"),
        ("nothing to do", "无须处理"),
        (
            "find out which files come from which tool, and convert those that count from 0",
            "查明各文件由哪种工具写出，并转换从 0 计数的文件",
        ),
        (
            "convert it with the tool that wrote it: too few far sides tell whether they count as well",
            "用写出它的工具转换：右边和下边的样本太少，无法判断它们是否也要移动",
        ),
        (
            "convert it with the tool that wrote it: polygons and rotated boxes must move too",
            "用写出它的工具转换：多边形和旋转框也必须移动",
        ),
        ("add 1 to {} of every box", "把每个框的 {0} 加 1"),
    ),
    "counted": (
        ("{}, though the configuration pins {n}", "{0:counted}，而配置中指定从 {1} 开始"),
        ("from 0", "从 0 开始计数"),
        ("from 1, as VOC does", "从 1 开始计数（VOC 的规定）"),
        ("in both ways", "两种计数方式混用"),
    ),
    "count": (("none", "0"),),
    "writer": (
        ("{}, which writes 1 for 0", " {0:tool} 的特征，该工具把 0 写成 1"),
        ("{}, which counts from {n}", " {0:tool} 的特征，该工具从 {1} 开始计数"),
        ("{}", " {0:tool} 的特征"),
    ),
    "tool": (("the VOC development kit", "VOC 官方工具"), ("CVAT or Datumaro", "CVAT 或 Datumaro")),
    "BOX014": (
        (
            "the box {} is {n}% of the image, where {n}% is usual of the {n} whole boxes of {q}",
            "框 {0} 占图像的 {1}%，而 {4} 的 {3} 个完整的框一般占 {2}%",
        ),
        (
            "the box {} is {n} times as wide as high, where {n} is usual of the {n} whole boxes of {q}",
            "框 {0} 的宽高比为 {1}，而 {4} 的 {3} 个完整的框一般为 {2}",
        ),
        (
            "A slip of the mouse, a box around several objects or a wrong name pulls anchors and loss.",
            "鼠标手滑、框住多个目标或类别标错，都会带偏锚框和损失。",
        ),
        (
            "look whether the box frames one whole object of its class",
            "检查该框是否正好框住一个该类别的完整目标",
        ),
    ),
    "BOX016": (
        (
            "xmax and ymax hold width and height: {n} of {n} boxes are impossible as corners, "
            "and all {n} lie on their image as x, y, width, height",
            "xmax 和 ymax 存的是宽和高：{1} 个框中有 {0} 个不可能是角点坐标，"
            "而按 x、y、宽、高解读时，{2} 个全部落在图像内",
        ),
        (
            "Boxes with a negative side are dropped, some with their image; "
            "the others frame the wrong place.",
            "边长为负的框会被丢弃，有时连同图像；其余的框位置错误。",
        ),
        ("add xmin to xmax and ymin to ymax in every box", "对每个框，xmax 加上 xmin，ymax 加上 ymin"),
    ),
}
