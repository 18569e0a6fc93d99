"""Simplified Chinese: for every text of the rules and of the text formats its twin. See `__init__.py`."""

from __future__ import annotations

from curate.report.languages import EVERY_RULE

Pairs = tuple[tuple[str, str], ...]

_LOST = (
    "XML readers refuse the file: the image and its labels are lost.",
    "XML 解析器会拒绝该文件：图像连同标注一起丢失。",
)
_TO_UTF8 = ("re-encode the file to UTF-8", "把文件转为 UTF-8 编码")
_DROPPED_OBJECT = (
    "Converters stop here or leave the object out; it is then trained as background.",
    "格式转换程序会在此中断，或漏掉该目标，使它被当作背景训练。",
)
_MOVE: Pairs = (
    (
        "move {n} line(s) to {w}, where the rest of the group is",
        "把 {0} 行移到{1:split}，与同组其余图像放在一起",
    ),
)

_ENCODINGS: dict[str, Pairs] = {
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

_MARKUP: dict[str, Pairs] = {
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

_SAFETY: dict[str, Pairs] = {
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

_HEADER: dict[str, Pairs] = {
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

_OBJECTS: dict[str, Pairs] = {
    "OBJ001": (
        ("the annotation names no object", "标注中没有目标"),
        (
            "Trained as background: right if nothing is there, harmful if it was never labelled.",
            "会被当作背景训练：图中确实没有目标就对，漏标了则有害。",
        ),
        (
            'look at the picture: mark it verified="yes", record it with `curate negatives`, or label it',
            '查看图像：标记 verified="yes"、用 `curate negatives` 登记为负样本，或补上标注',
        ),
    ),
    "OBJ002": (
        ("the object has no name", "目标没有类别名"),
        (
            "The box has no class: converters stop here or leave it out.",
            "框没有类别：转换程序会在此中断，或漏掉它。",
        ),
        ("name the object", "填写类别名"),
        ("write {q}, the only class there is", "填写唯一的类别 {0}"),
    ),
    "OBJ003": (
        ("the object has a polygon and no box", "目标只有多边形，没有框"),
        ("the object has no box", "目标没有框"),
        _DROPPED_OBJECT,
        ("add the box that encloses the polygon", "添加多边形的外接矩形框"),
        ("draw the box, or delete the object", "画上框，或删除该目标"),
    ),
    "OBJ004": (
        ("the object has a rotated box and no upright one", "目标只有旋转框，没有水平框"),
        _DROPPED_OBJECT,
        ("draw an upright box", "画上水平框"),
        ("add the upright box around it, {w},{w},{w},{w}", "添加它的外接水平框 {0},{1},{2},{3}"),
    ),
    "OBJ005": (
        ("the object has {n} boxes", "一个目标有 {0} 个框"),
        (
            "Readers take the first box; {n} label(s) are lost and trained as background.",
            "读取程序只取第一个框；其余 {0} 个丢失，被当作背景训练。",
        ),
        ("make an object of each box", "把每个框改为单独的目标"),
    ),
    "OBJ006": (
        ("<{w}> says {q}, neither 0 nor 1", "<{0}> 写的是 {1}，既不是 0 也不是 1"),
        (
            "Readers that take it for a number stop here, or guess.",
            "把它当作数字读取的程序会在此中断，或只能猜测。",
        ),
        ("write {n}", "改为 {0}"),
    ),
    "OBJ007": (
        ("the box has no {}", "框缺少 {0:corners}"),
        ("Converters stop at this box or lose it.", "转换程序会在此框中断，或丢失它。"),
    ),
    "corners": (("{w} and no {}", "{0}、{1:corners}"),),
    "OBJ008": (
        ("{q} is marked difficult", "{0} 标记为 difficult（困难样本）"),
        ("None is marked difficult", "没有类别名的目标标记为 difficult（困难样本）"),
        (
            "Several converters leave it out silently, and it is trained as background.",
            "有些转换程序会不声不响地漏掉它，使它被当作背景训练。",
        ),
        ("know whether your trainer keeps difficult objects", "请确认训练程序是否保留困难样本"),
    ),
}

_BOXES: dict[str, Pairs] = {
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

_CLASSES: dict[str, Pairs] = {
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

_IMAGES: dict[str, Pairs] = {
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
            "label it, or record it as a negative with `curate negatives`",
            "补上标注，或用 `curate negatives` 登记为负样本",
        ),
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
        ("[Errno {n}] {}: {q}", "{1:system}：{2}"),
        ("[Errno {n}] {}", "{1:system}"),
        ("not a regular file", "不是普通文件"),
    ),
    "IMG004": (
        ("the file is empty: {}", "文件是空的：{0:image}"),
        ("the file is empty", "文件是空的"),
        ("the file is no image: {}", "文件不是图像：{0:image}"),
        ("the file is no image", "文件不是图像"),
        ("the image has no readable header: {}", "图像没有可读的文件头：{0:image}"),
        ("the image has no readable header", "图像没有可读的文件头"),
        ("the file cannot be read: {}", "文件无法读取：{0:image}"),
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

_SPLITS: dict[str, Pairs] = {
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

_EVERY_RULE: Pairs = (
    _LOST,
    ("write {q}", "改为 {0}"),
    ("state {w}, the size of the image", "改为图像的实际尺寸 {0}"),
    (
        "decide first on which picture the boxes were drawn (HDR005)",
        "请先判断框画在哪种方向的图像上（HDR005）",
    ),
    (
        "the image's size is not known either; bring the image back",
        "图像的实际尺寸也不知道；请找回图像",
    ),
    ("draw the box again", "重新画框"),
    ("{}, by hand", "{0:rule}（手动）"),
)

_FORMATS: dict[str, Pairs] = {
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

CATALOGUE: dict[str, Pairs] = {
    **_ENCODINGS,
    **_MARKUP,
    **_SAFETY,
    **_HEADER,
    **_OBJECTS,
    **_BOXES,
    **_CLASSES,
    **_IMAGES,
    **_SPLITS,
    EVERY_RULE: _EVERY_RULE,
    **_FORMATS,
}
