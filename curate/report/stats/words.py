"""Every word of table, page and plot, in one place: another language is another column here.

Names of classes, splits and files are the user's and stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, str]

_ENGLISH: dict[str, str] = {
    "lang": "en",
    "title": "{name} - curate stats",
    "made_by": "curate stats",
    "lead": "{format}, {images} images, {boxes} boxes, measured with the long side of each image at "
    "{imgsz} px",
    "left_out": "Not measured, for want of an area, of numbers or of an image size: {count} boxes.",
    "nav": "Parts of this page",
    "top": "Back to the top",
    "advice": "Advice",
    "numbers": "In numbers",
    "levels": "Levels",
    "all": "All boxes",
    "splits": "Splits",
    "classes": "Classes",
    "no_name": "(no name)",
    "in_no_list": "in no list",
    "more_classes": "{count} further classes: --output-format json has all",
    # columns
    "group": "",
    "images": "images",
    "empty": "without box",
    "boxes": "boxes",
    "mean": "boxes an image",
    "most": "at most",
    "side": "side, px",
    "spread": "side, 5-95 %",
    "aspect": "width : height",
    "under": "under 8 px",
    "small": "small",
    "medium": "medium",
    "large": "large",
    "centre": "centre x, y",
    "octaves": "sides 4 to 1024 px",
    "stride": "stride {stride}",
    "explained": "Side: the root of a box's area; medians, and the middle 90 %. Small: under 32 x 32 "
    "px; large: "
    "96 x 96 px and more.",
    "levels_explained": "A box belongs to the coarsest stride with {cells} cells along its side; "
    "shares of the "
    "boxes.",
    # advice
    "keep": "keep",
    "change": "change",
    "nothing": "There is no box to draw advice from: the defaults stay.",
    "defaults": "Keep the defaults of trainer fit for these boxes.",
    "next": "trainer fit DATA.yaml {options}",
    "again": "curate stats {path} --imgsz {imgsz}",
    "topic_imgsz": "Input size",
    "topic_strides": "Levels",
    "topic_head": "Head",
    "topic_anchors": "Anchors",
    "topic_anchor_t": "Matching threshold",
    "imgsz_keep": "Keep {imgsz} px: at most {share} of any class are under 16 px there. {cheaper}",
    "imgsz_cheaper": "{enough} px would do ({then} under 16 px), at {cost} of the time a step.",
    "imgsz_raise": "Train at {advised} px: at {imgsz} px {share} of a class are under 16 px, at {advised} px "
    "{then}. A step takes {cost} times as long: where time is short, few steps eat up the gain. "
    "Ask again for that size.",
    "imgsz_detail": "Keep {imgsz} px: {share} of a class are under 16 px, but the images themselves "
    "have {own} px "
    "and no more detail. Larger photographs would help.",
    "imgsz_most": "Keep {imgsz} px, the most that is advised, though {share} of a class are under 16 "
    "px: cut the "
    "images into tiles, or label nearer photographs.",
    "imgsz_lower": "Train at {advised} px: the images have {own} px, and more only costs time ({cost} of it "
    "would do). Ask again for that size.",
    "strides_keep": "Keep strides {usual}: every one of them has boxes to find.",
    "strides_change": "Take strides {strides}: {why}.",
    "strides_added_fine": "stride {stride} is new, because {share} of a class are under {limit} px, "
    "two cells of "
    "stride {next}; it makes each step a good deal longer",
    "strides_added_coarse": "stride {stride} is new, because {share} of a class are over {limit} px, "
    "20 cells of "
    "stride {next}",
    "strides_idle": "nothing to do for stride {strides}: at most {few} of any class have work for it, even "
    "zoomed by half in training",
    "head_anchors": "Keep what trainer fit does, a head with anchors: {share} of a class are under {limit} "
    "px, three cells of stride {stride}.",
    "head_free": "Keep what trainer fit does, a head without anchors: at least {share} of each class are "
    "{limit} px and more, three cells of stride {stride}, and it learns such objects sooner. Where you name "
    "a model, add --head free; what follows is for a head with anchors.",
    "anchors_keep": "Keep what trainer fit does, the published anchors: they serve these boxes as well "
    "({gain}).",
    "anchors_misplaced": "Keep what trainer fit does, the published anchors: fitted ones are nearer "
    "({gain}), but would put {misplaced} of the boxes on a level that does not suit their size.",
    "anchors_either": "Keep what trainer fit does, the published anchors: they answer for {bpr} of the "
    "boxes, and fitted ones are hardly nearer ({gain}).",
    "anchors_needed": "Keep what trainer fit does and fit anchors: the published ones answer for {bpr} "
    "of the boxes only ({gain}).",
    "anchors_fit": "Keep what trainer fit does: fitted anchors when training from scratch ({gain}), "
    "and those of weights that know the published ones, which answer for {bpr} of the boxes.",
    "anchors_but": " {misplaced} of the boxes come on a level that does not suit their size: compare both.",
    "gain_held_out": "fitness {gain} on images they were not fitted to",
    "gain_same": "fitness {gain} on the same boxes; too few images for more",
    "anchor_t_keep": "Keep what trainer fit does, anchor_t {now}: some anchor answers for {bpr} of the "
    "boxes, {answering} of {count} on average.",
    "anchor_t_lower": "Keep what trainer fit does, anchor_t {then} with these anchors: some anchor answers "
    "for {better} of the boxes, {fewer} of {count} on average; with {now} it would be {answering}, and the "
    "levels would learn each other's sizes.",
    "anchor_t_raise": "Keep what trainer fit does, anchor_t {then} instead of {now}: some anchor then "
    "answers for {better} of the boxes instead of {bpr}.",
    "anchor_table": "Anchors at strides {strides}",
    "fitted": "fitted",
    "alike": "fitted, classes alike",
    "published": "published",
    "held_out": "fitted, on other images",
    "fitness": "fitness",
    "mean_iou": "mean IoU",
    "bpr": "recall",
    "at_home": "on a level that suits",
    "anchors_explained": "Fitness: mean of the best side ratio. Recall: boxes that some anchor answers for.",
    # plot
    "axis_boxes": "boxes",
    "axis_images": "images",
    "plot_sizes": "Width and height, px",
    "plot_sides": "Side, px; above: stride of its level",
    "plot_aspect": "Width : height",
    "plot_positions": "Where centres are",
    "plot_crowds": "Boxes in an image",
    "plot_classes": "Boxes of each class",
    "axis_width": "width, px",
    "axis_height": "height, px",
    "plot_anchors": "anchors as advised",
    "plot_nothing": "no box to measure",
}

_CHINESE: dict[str, str] = {
    "lang": "zh-CN",
    "title": "{name} - curate stats",
    "made_by": "curate stats",
    "lead": "{format}，{images} 张图像，{boxes} 个框；按图像长边 {imgsz} 像素测量",
    "left_out": "{count} 个框没有测量：没有面积、不是数字，或不知道图像尺寸。",
    "nav": "本页各部分",
    "top": "回到顶部",
    "advice": "建议",
    "numbers": "统计",
    "levels": "检测层",
    "all": "全部框",
    "splits": "数据划分",
    "classes": "类别",
    "no_name": "（没有名字）",
    "in_no_list": "不在任何列表中",
    "more_classes": "另有 {count} 个类别：--output-format json 列出全部",
    "group": "",
    "images": "图像",
    "empty": "无框",
    "boxes": "框",
    "mean": "每张图像的框",
    "most": "最多",
    "side": "边长，像素",
    "spread": "边长 5-95 %",
    "aspect": "宽 : 高",
    "under": "短于 8 像素",
    "small": "小",
    "medium": "中",
    "large": "大",
    "centre": "中心 x, y",
    "octaves": "边长 4 到 1024 像素",
    "stride": "步长 {stride}",
    "explained": "边长：框面积的平方根；给出中位数和中间 90 %。小：不到 32 x 32 像素；大：96 x 96 像素以上。",
    "levels_explained": "一个框属于边长上至少有 {cells} 个格子的最粗的步长；数字是框的比例。",
    "keep": "不变",
    "change": "更改",
    "nothing": "没有可以据以建议的框：保留默认值。",
    "defaults": "这些框用 trainer fit 的默认值即可。",
    "next": "trainer fit DATA.yaml {options}",
    "again": "curate stats {path} --imgsz {imgsz}",
    "topic_imgsz": "输入尺寸",
    "topic_strides": "检测层",
    "topic_head": "检测头",
    "topic_anchors": "锚框",
    "topic_anchor_t": "匹配阈值",
    "imgsz_keep": "保留 {imgsz} 像素：任何类别中最多 {share} 的框小于 16 像素。{cheaper}",
    "imgsz_cheaper": "{enough} 像素也够（{then} 小于 16 像素），每步只用 {cost} 的时间。",
    "imgsz_raise": "改用 {advised} 像素训练：{imgsz} 像素时有一个类别 {share} 的框小于 16 像素，"
    "{advised} 像素时为 "
    "{then}。每步时间为 {cost} 倍：时间紧时，步数太少会抵消好处。请按该尺寸再问一次。",
    "imgsz_detail": "保留 {imgsz} 像素：有一个类别 {share} 的框小于 16 像素，但图像本身只有 {own} 像素，"
    "没有更多细节。更大的照片会有帮助。",
    "imgsz_most": "保留 {imgsz} 像素，这已是建议的最大值，尽管有一个类别 {share} 的框小于 16 像素："
    "请把图像切块，"
    "或标注更近的照片。",
    "imgsz_lower": "改用 {advised} 像素训练：图像只有 {own} 像素，更大只费时间（{cost} 的时间就够）。"
    "请按该尺寸再问一次。",
    "strides_keep": "保留步长 {usual}：每一层都有框要找。",
    "strides_change": "改用步长 {strides}：{why}。",
    "strides_added_fine": "增加步长 {stride}，因为有一个类别 {share} 的框小于 {limit} 像素，即步长 "
    "{next} 的两个格子；"
    "每步时间会明显变长",
    "strides_added_coarse": "增加步长 {stride}，因为有一个类别 {share} 的框大于 {limit} 像素，即步长 "
    "{next} 的 20 个格子",
    "strides_idle": "步长 {strides} 无事可做：训练时缩放一半后，任何类别也最多 {few} 的框需要它",
    "head_anchors": "保留 trainer fit 的做法，用带锚框的检测头：有一个类别 {share} 的框小于 {limit} 像素，"
    "即步长 {stride} 的三个格子。",
    "head_free": "保留 trainer fit 的做法，用无锚框的检测头：每个类别至少 {share} 的框不小于 {limit} 像素，"
    "即步长 {stride} 的三个格子，这样的目标它学得更快。若指定了模型，请加 --head free；"
    "以下建议只适用于带锚框的检测头。",
    "anchors_keep": "保留 trainer fit 的做法，用公布的锚框：它们同样适合这些框（{gain}）。",
    "anchors_misplaced": "保留 trainer fit 的做法，用公布的锚框：拟合的更接近（{gain}），但会把 {misplaced} "
    "的框放到不适合其大小的层。",
    "anchors_either": "保留 trainer fit 的做法，用公布的锚框：它们能匹配 {bpr} 的框，"
    "拟合的几乎没有更近（{gain}）。",
    "anchors_needed": "保留 trainer fit 的做法，拟合锚框：公布的只能匹配 {bpr} 的框（{gain}）。",
    "anchors_fit": "保留 trainer fit 的做法：从头训练时拟合锚框（{gain}）；"
    "用熟悉公布锚框的权重时保留它们，它们能匹配 {bpr} 的框。",
    "anchors_but": "{misplaced} 的框会落到不适合其大小的层：请两者比较。",
    "gain_held_out": "在没有用于拟合的图像上适应度 {gain}",
    "gain_same": "在同样的框上适应度 {gain}；图像太少，无法另作检验",
    "anchor_t_keep": "保留 trainer fit 的做法，anchor_t {now}："
    "{bpr} 的框有锚框匹配，平均 {count} 个中有 {answering} 个。",
    "anchor_t_lower": "保留 trainer fit 的做法，拟合锚框时 anchor_t {then}："
    "{better} 的框有锚框匹配，平均 {count} 个中有 {fewer} 个；"
    "用 {now} 则有 {answering} 个，各层会去学别层的大小。",
    "anchor_t_raise": "保留 trainer fit 的做法，anchor_t 由 {now} 改为 {then}："
    "有锚框匹配的框由 {bpr} 增至 {better}。",
    "anchor_table": "步长 {strides} 的锚框",
    "fitted": "拟合的",
    "alike": "拟合的，各类同等",
    "published": "公布的",
    "held_out": "拟合的，在其他图像上",
    "fitness": "适应度",
    "mean_iou": "平均 IoU",
    "bpr": "召回率",
    "at_home": "在合适的层",
    "anchors_explained": "适应度：最佳边长比的平均值。召回率：有锚框匹配的框。",
    "axis_boxes": "框数",
    "axis_images": "图像数",
    "plot_sizes": "宽和高，像素",
    "plot_sides": "边长，像素；上方：所属层的步长",
    "plot_aspect": "宽 : 高",
    "plot_positions": "中心的位置",
    "plot_crowds": "每张图像的框数",
    "plot_classes": "每个类别的框数",
    "axis_width": "宽，像素",
    "axis_height": "高，像素",
    "plot_anchors": "建议的锚框",
    "plot_nothing": "没有可以测量的框",
}

WORDS: dict[str, Words] = {"en": _ENGLISH, "zh": _CHINESE}
