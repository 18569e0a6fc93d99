"""Chinese: bytes and encodings."""

from __future__ import annotations

from curate.report.languages import Pairs

_TO_UTF8 = ("re-encode the file to UTF-8", "把文件转为 UTF-8 编码")

TWINS: dict[str, Pairs] = {
    "ENC001": (
        ("the file declares no encoding, but its bytes are GBK: {q}", "文件没有声明编码，但内容是 GBK：{0}"),
        ("the file declares {}, but its bytes are GBK: {q}", "文件声明的编码是 {0}，但内容是 GBK：{1}"),
        (
            "XML readers refuse the file: the image is lost, or trained as if nothing were on it.",
            "XML 解析器会拒绝该文件：图像丢失，或被当作没有目标的图像训练。",
        ),
        (
            "re-encode the file to UTF-8; only text that no trainer reads is concerned",
            "把文件转为 UTF-8 编码；只涉及训练程序不读取的文字",
        ),
        (
            "re-encode the file to UTF-8; the decoded names are known classes and files",
            "把文件转为 UTF-8 编码；解码后的名称都是已知的类别和文件",
        ),
        (
            "save the file as UTF-8 yourself: as {} the bytes would be text as well",
            "请自行另存为 UTF-8：这些字节按 {0:or} 解码同样是通顺的文字",
        ),
        ("re-encode the file from GBK to UTF-8", "把文件从 GBK 转为 UTF-8 编码"),
    ),
    "or": (("{w} or {w}", "{0} 或 {1}"),),
    "ENC002": (
        (
            "the file is written in {}, which many XML readers do not know",
            "文件使用 {0} 编码，许多 XML 解析器不支持",
        ),
        (
            "Readers built on expat (Python's xml.etree) refuse the file: the image and its labels are lost.",
            "基于 expat 的解析器（如 Python 的 xml.etree）会拒绝该文件：图像连同标注一起丢失。",
        ),
        _TO_UTF8,
    ),
    "ENC003": (
        ("the file is {w} and declares no encoding", "文件是 {0} 编码，但没有声明"),
        ("the file is {w} and declares {}", "文件是 {0} 编码，声明的却是 {1}"),
        (
            "About half of all XML readers stop here: the image and its labels are lost.",
            "约一半的 XML 解析器会在此中断：图像连同标注一起丢失。",
        ),
        _TO_UTF8,
    ),
    "ENC004": (
        (
            "bytes that are not UTF-8; read as {w} the first is {q}",
            "含有不是 UTF-8 的字节；按 {0} 解码，第一个是 {1}",
        ),
        ("bytes that are not UTF-8", "含有不是 UTF-8 的字节"),
        ("re-encode the file from {} to UTF-8", "把文件从 {0} 转为 UTF-8 编码"),
    ),
    "ENC005": (
        ("the class {q} was {q}: {}", "类别 {0} 原本是 {1}：{2:garbled}"),
        ("the class {q}: {}", "类别 {0} 是乱码：{1:garbled}"),
        ("<filename> {q} was {q}: {}", "<filename> 中的 {0} 原本是 {1}：{2:garbled}"),
        (
            "The class is not in the list, or one that nobody can read: the object is lost to its own class.",
            "该类别不在列表中，或成了没人看得懂的类别：目标不再属于它本来的类别。",
        ),
        (
            "Readers that look for the named file lose this image and its labels.",
            "按 <filename> 查找图像的程序会丢失这张图像和它的标注。",
        ),
        ("write {q}, which is on disk", "改为 {0}（磁盘上有此文件）"),
        ("write the name that was meant", "改为本来的名称"),
    ),
    "garbled": (
        ("characters were replaced because they could not be decoded", "有字符因无法解码而被替换"),
        ("{w} read as {w}", "{0} 被误当作 {1} 解码"),
    ),
    "ENC006": (
        ("{n} NUL bytes at the end is not allowed in XML", "文件末尾有 {0} 个 NUL 字节，XML 不允许"),
        ("{} is not allowed in XML", "XML 不允许字符 {0}"),
        ("take {n} illegal character(s) out", "删除 {0} 个非法字符"),
        ("take the character out by hand", "手动删除该字符"),
    ),
}
