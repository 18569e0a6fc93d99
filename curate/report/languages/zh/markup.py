"""Chinese: well-formedness, and what parsers and systems say."""

from __future__ import annotations

from curate.report.languages import Pairs

TWINS: dict[str, Pairs] = {
    "XML001": (
        (
            "the annotation is empty ({n} bytes, all blank or NUL)",
            "标注文件是空的（{0} 字节，全是空白或 NUL）",
        ),
        ("the annotation is empty ({n} bytes)", "标注文件是空的（{0} 字节）"),
        (
            "The image is lost, or trained as background although it may show an object.",
            "图像丢失，或被当作背景训练，而图中可能有目标。",
        ),
        (
            "restore the file from a copy or label the image again; do not count it as a negative",
            "从备份恢复该文件，或重新标注；不要把它当作负样本",
        ),
    ),
    "XML002": (
        ("the file ends early; {n} object(s) are complete", "文件被截断；其中 {0} 个目标完整"),
        (
            "XML readers refuse the file: the image is lost with all its labels.",
            "XML 解析器会拒绝该文件：图像连同全部标注一起丢失。",
        ),
        (
            "close the file behind its {n} complete object(s); later ones cannot be recovered",
            "在 {0} 个完整的目标之后补上结束标签；后面的目标无法找回",
        ),
        ("restore the file from a copy or label the image again", "从备份恢复该文件，或重新标注"),
    ),
    "XML003": (
        ("a bare {q} in text", "文字中有未转义的 {0}"),
        ("write {}", "改为 {0}"),
        ("mend the other errors of the file first", "请先改正该文件的其他错误"),
    ),
    "XML004": (
        ("{n} character(s) stand before the XML declaration", "XML 声明之前有 {0} 个字符"),
        ("take them out", "删除这些字符"),
        ("take out what does not belong to the file", "删除不属于该文件的内容"),
    ),
    "XML005": (
        ("the file carries a DOCTYPE", "文件带有 DOCTYPE"),
        ("the file carries a DOCTYPE that defines entities", "文件带有定义实体的 DOCTYPE"),
        (
            "Careful XML readers refuse the file: the image and its labels are lost there.",
            "注重安全的 XML 解析器会拒绝该文件：图像连同标注一起丢失。",
        ),
        ("take the DOCTYPE out", "删除 DOCTYPE"),
        ("put the entities' values in their places", "把实体引用替换为实体的值"),
    ),
    "XML006": (
        ("the elements lie in a namespace ({})", "元素属于命名空间 {0}"),
        ("a namespace is declared", "声明了命名空间"),
        (
            "Common readers find no object and no error: the image is trained as background.",
            "常见的读取程序找不到目标，也不报错：图像被当作背景训练。",
        ),
        ("take the xmlns attribute out", "删除 xmlns 属性"),
        ("take the prefixes off the tags", "去掉标签的前缀"),
    ),
    "XML007": (
        ("<{}> should be <{}>", "<{0}> 应为 <{1}>"),
        (
            "Readers look for the tag in lower case and lose what it holds without a word.",
            "读取程序只认小写标签，会不声不响地丢失其中的内容。",
        ),
        ("write the tag in lower case", "把标签改为小写"),
    ),
    "XML008": (
        ("the root element is <{}>, not <annotation>", "根元素是 <{0}>，而不是 <annotation>"),
        (
            "Readers that ask for <annotation> leave the file aside: the image and its labels are lost.",
            "要求 <annotation> 的读取程序会跳过该文件：图像连同标注一起丢失。",
        ),
        ("call the root element annotation", "把根元素改名为 annotation"),
    ),
    "XML009": (
        (
            "an XML file, but no VOC annotation ({}); left aside",
            "是 XML 文件，但不是 VOC 标注（{0:aside}）；已跳过",
        ),
        ("an XML file, but no VOC annotation; left aside", "是 XML 文件，但不是 VOC 标注；已跳过"),
        (
            "Scripts that open every XML file of the folder stop here.",
            "逐个打开文件夹中 XML 文件的脚本会在此中断。",
        ),
        ("move it out of the folder of annotations", "把它移出标注文件夹"),
    ),
    "XML010": (
        ("cannot be read: {}", "无法读取：{0:system}"),
        ("cannot be read", "无法读取"),
        ("not well-formed: {}", "格式错误：{0:syntax}"),
        ("not well-formed", "格式错误"),
        (
            "Trainers drop the row, and some of them the whole image.",
            "训练程序会丢弃该行，有的会丢弃整张图像。",
        ),
        ("mend the file at this place by hand", "手动改正此处"),
    ),
    "syntax": (
        (
            "Opening and ending tag mismatch: {} line {n} and {}",
            "第 {1} 行的开始标签 {0} 与结束标签 {2} 不匹配",
        ),
        ("Premature end of data in tag {} line {n}", "第 {1} 行的标签 {0} 没有结束，文件就到头了"),
        ("Couldn't find end of Start Tag {} line {n}", "第 {1} 行的开始标签 {0} 不完整"),
        ("Couldn't find end of Start Tag {}", "开始标签 {0} 不完整"),
        ("StartTag: invalid element name", "开始标签的元素名无效"),
        ("Start tag expected, '<' not found", "应为开始标签，但没有找到 '<'"),
        ("Extra content at the end of the document", "根元素结束之后还有内容"),
        ("Document is empty", "文件没有内容"),
        ("xmlParseEntityRef: no name", "& 之后没有实体名"),
        ("EntityRef: expecting ';'", "实体引用缺少分号"),
        ("Entity '{}' not defined", "实体 '{0}' 没有定义"),
        ("Attribute {} redefined", "属性 {0} 重复"),
        ("Specification mandates value for attribute {}", "属性 {0} 没有值"),
        ("AttValue: \" or ' expected", "属性值缺少引号"),
        ("attributes construct error", "属性写法错误"),
        ("Unescaped '<' not allowed in attributes values", "属性值中不能有未转义的 '<'"),
        ("Namespace prefix {} on {} is not defined", "{1} 的命名空间前缀 {0} 没有定义"),
        ("Comment must not contain '--' (double-hyphen)", "注释中不能有 '--'"),
        ("XML declaration allowed only at the start of the document", "XML 声明只能出现在文件开头"),
        ("Sequence ']]>' not allowed in content", "文字中不能有 ']]>'"),
        ("PCDATA invalid Char value {n}", "含有非法字符（值 {0}）"),
        ("byte {w} in a text that is UTF-8 otherwise", "其余部分是 UTF-8，其中却有字节 {0}"),
        ("no markup at all", "没有任何标签"),
        ("text before the first element", "第一个元素之前有文字"),
        ("text after the last element", "最后一个元素之后有文字"),
        ("the XML declaration does not end with ?>", "XML 声明没有以 ?> 结束"),
        ("a second outermost element <{}>", "出现第二个根元素 <{0}>"),
        ("attribute {} is given twice", "属性 {0} 重复"),
        ("</{}> where nothing is open", "多余的结束标签 </{0}>"),
        ("</{}> where expected </{}>", "此处应为 </{1}>，却是 </{0}>"),
        ("]]> in text", "文字中有 ]]>"),
        ("entity {} is not defined", "实体 {0} 没有定义"),
        ("-- inside a comment", "注释中有 --"),
        ("a processing instruction without ?>", "处理指令没有以 ?> 结束"),
        ("an XML declaration that is not at the beginning", "XML 声明不在文件开头"),
        ("no JSON: {}", "不是有效的 JSON（{0:json}）"),
    ),
    "json": (
        ("Expecting value: line {n} column {n} (char {n})", "第 {0} 行第 {1} 列缺少值"),
        ("Expecting '{}' delimiter: line {n} column {n} (char {n})", "第 {1} 行第 {2} 列缺少 '{0}'"),
        (
            "Expecting property name enclosed in double quotes: line {n} column {n} (char {n})",
            "第 {0} 行第 {1} 列缺少双引号中的键",
        ),
        ("Extra data: line {n} column {n} (char {n})", "第 {0} 行第 {1} 列有多余的内容"),
        (
            "Unterminated string starting at: line {n} column {n} (char {n})",
            "第 {0} 行第 {1} 列的字符串没有结束",
        ),
        (
            "Invalid control character at: line {n} column {n} (char {n})",
            "第 {0} 行第 {1} 列有非法的控制字符",
        ),
        ("maximum recursion depth exceeded{}", "嵌套太深"),
    ),
    "system": (
        ("[Errno {n}] {}: {q}", "{1:system}：{2}"),
        ("[Errno {n}] {}", "{1:system}"),
        ("Permission denied", "没有权限"),
        ("No such file or directory", "文件不存在"),
        ("Is a directory", "是文件夹"),
        ("File too large", "文件太大"),
        ("Input/output error", "读写错误"),
        ("not a regular file", "不是普通文件"),
    ),
}
