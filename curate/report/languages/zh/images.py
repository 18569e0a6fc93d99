"""Chinese: image files."""

from __future__ import annotations

from curate.report.languages import Pairs
from curate.report.languages.zh.negatives import DECIDED

TWINS: dict[str, Pairs] = {
    "IMG001": (
        ("no image belongs to this annotation; it names {q}", "该标注没有对应的图像；其中写的文件名是 {0}"),
        ("no image belongs to this annotation; it names None", "该标注没有对应的图像，也没有写文件名"),
        (
            "The labels are lost, or the loader stops at the missing file.",
            "标注丢失，或加载程序因缺少文件而中断。",
        ),
        ("rename {} to {}", "把 {0} 改名为 {1}"),
        ("similar names: {}; rename the right one", "相近的文件名：{0}；请把正确的一个改名"),
        ("bring the image back, or delete the annotation", "找回图像，或删除该标注"),
    ),
    "IMG002": (
        ("the image has no annotation", "图像没有标注"),
        ("Trained as background: harmful if an object is in it.", "会被当作背景训练：图中若有目标则有害。"),
        (
            "Readers that go by the annotations never see the image.",
            "按标注文件读取的程序不会用到这张图像。",
        ),
        (
            "label it, or record that nothing is in it: curate negatives PATH --verify FILE",
            "补上标注，或登记图中没有目标：curate negatives PATH --verify FILE",
        ),
        *DECIDED,
    ),
    "IMG003": (
        ("there are {n} bytes after the {}", "{1:mark}之后还有 {0} 字节"),
        ("the image {}", "图像不完整：{0:image}"),
        (
            "Trainers that check the end of the file encode it anew or drop it.",
            "检查文件结尾的训练程序会重新编码它，或丢弃它。",
        ),
        (
            "The lower part is missing: readers refuse the image, or train on grey where objects were.",
            "图像下部缺失：读取程序会拒绝它，或把原有目标的地方当作灰色训练。",
        ),
        ("get the image again; what is missing is nowhere else", "重新获取图像；缺失的部分无法找回"),
        ("append the end marker; the picture is complete", "补上结束标记；画面是完整的"),
        ("cut off what follows the picture", "删除图像之后多余的内容"),
    ),
    "mark": (
        ("end-of-image marker (a Samsung trailer)", "图像结束标记（三星手机附加的数据）"),
        ("end-of-image marker (a video, as in a motion photo)", "图像结束标记（动态照片中的视频）"),
        ("end-of-image marker", "图像结束标记"),
        ("IEND chunk", " IEND 块"),
    ),
    "image": (
        ("ends without the end-of-image marker", "没有图像结束标记"),
        ("ends without the IEND chunk", "没有 IEND 块"),
        ("ends without the trailer byte", "没有结束字节"),
        ("ends before its directory", "在文件目录之前就结束了"),
        ("the file ends after {n} bytes, before the picture begins", "文件只有 {0} 字节，画面数据还没有开始"),
        ("{n} bytes of {n}", "应有 {1} 字节，只有 {0} 字节"),
        ("0 bytes", "0 字节"),
        ("no IHDR chunk", "没有 IHDR 块"),
        ("begins with BM like a bitmap, but is none", "以 BM 开头，但不是位图"),
        ("unknown chunk {}", "未知的块 {0}"),
        ("no size in the first directory", "第一个目录中没有尺寸"),
        ("no size among its properties", "属性中没有尺寸"),
        ("{w} pixels", "{0} 像素"),
        ("{w} without a readable header", "{0} 文件头无法读取"),
        ("no frame header", "没有帧头"),
        ("only NUL bytes", "全是 NUL 字节"),
        ("an HTML page", "是 HTML 网页"),
        ("XML or HTML text", "是 XML 或 HTML 文本"),
        ("a Git LFS pointer", "是 Git LFS 指针文件"),
        ("a PDF", "是 PDF"),
        ("a zip archive", "是 zip 压缩包"),
        ("text", "是文本"),
        ("begins with {}", "开头的字节是 {0}"),
        ("{}", "{0:system}"),
    ),
    "IMG004": (
        ("the file is empty: {}", "文件是空的：{0:image}"),
        ("the file is empty", "文件是空的"),
        ("the file is no image: {}", "文件不是图像：{0:image}"),
        ("the file is no image", "文件不是图像"),
        ("the image has no readable header: {}", "图像没有可读的文件头：{0:image}"),
        ("the image has no readable header", "图像没有可读的文件头"),
        ("the file cannot be read: {}", "文件无法读取：{0:system}"),
        ("the file cannot be read", "文件无法读取"),
        (
            "The loader stops here or skips the image; its labels are lost.",
            "加载程序会在此中断，或跳过该图像；它的标注丢失。",
        ),
        ("get the image again, or take it and its annotation out", "重新获取图像，或移除它和它的标注"),
    ),
    "IMG005": (
        ("the file is {w}, its extension says {}", "文件实际是 {0}，扩展名却是 {1}"),
        (
            "Readers that choose the decoder by the extension fail at this image.",
            "按扩展名选择解码器的程序无法读取这张图像。",
        ),
        (
            "nothing; every reader takes the first picture of the file",
            "无须处理；读取程序都取文件中的第一幅画面",
        ),
        ("rename it to {}", "改名为 {0}"),
        ("convert it, or rename it; mind {}", "转换格式或改名；注意 {0}"),
    ),
    "IMG006": (
        ("the picture is stored as {w} channel beside its colours", "图像除颜色外还有 {0} 通道"),
        ("the picture is stored as {w} colours", "图像以 {0} 颜色存储"),
        ("the picture is stored as {}", "图像以{0:mode}存储"),
        (
            "Decoders differ in what they make of it: channels, colours or the picture itself.",
            "不同的解码器结果不同：通道、颜色乃至画面本身。",
        ),
        (
            "encode it anew as 8-bit RGB; the journal keeps the original",
            "重新编码为 8 位 RGB；原文件保存在日志中",
        ),
        ("save the picture that was labelled", "另存被标注的那一帧"),
        ("save it on the background it should have", "填上应有的背景后另存"),
        ("save it as 8-bit RGB", "另存为 8 位 RGB"),
    ),
    "mode": (
        ("16-bit", " 16 位"),
        ("palette", "调色板"),
        ("animated", "动画"),
        ("alpha", "透明"),
    ),
    "IMG007": (
        ("the image shares its stem with {}, and {} serves both", "图像与 {0} 主名相同，{1} 同时对应两者"),
        (
            "Readers that find labels by the stem put the boxes of one picture onto the other.",
            "按主名查找标注的程序会把一张图像的框用到另一张上。",
        ),
        ("take one of them away, or rename it and label it", "移除其中一张，或改名后另行标注"),
        (
            "{q} is not the only image of its id: image id {} is given twice",
            "{0} 的图像编号 {1} 与另一张图像重复",
        ),
        (
            "Readers keep one of the two images, with the boxes of both.",
            "读取程序只保留两张图像中的一张，却用上两张的框。",
        ),
        (
            "give one of the two another id, and its annotations with it",
            "给其中一张换一个编号，并相应修改它的标注",
        ),
    ),
    "IMG008": (
        ("{} and {} are one name on Windows and macOS", "{0} 和 {1} 在 Windows 和 macOS 上是同一个文件名"),
        (
            "Where the set is unpacked there, one of the two replaces the other.",
            "在这些系统上解压数据集时，其中一个会覆盖另一个。",
        ),
        (
            "rename it to {}, with its annotation and its lines in lists",
            "改名为 {0}，标注文件和列表中的行一并修改",
        ),
    ),
    "IMG009": (
        ("the picture is black", "画面全黑"),
        ("the picture is white", "画面全白"),
        ("the picture has one colour", "画面只有一种颜色"),
        ("the picture is blurred", "画面模糊"),
        ("There is little in it to learn from.", "从中学不到什么。"),
        (
            "look at it; keep it if the camera of later use makes such pictures",
            "请查看；如果实际使用的摄像头会拍出这样的画面，就保留它",
        ),
    ),
}
