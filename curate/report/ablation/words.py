"""Every word of table, plot and page, in one place: another language is another column here.

Names of arms, steps and files are the user's and stay as they are. Notes on the data are English.
"""

from __future__ import annotations

from collections.abc import Mapping

from curate.ablation.verdict import SENTENCES, Verdict

Words = Mapping[str, str]

_ENGLISH: dict[str, str] = {
    **SENTENCES,
    "lang": "en",
    "title": "Does it help?",
    "judged_by": "{photographs:,} real photographs with {boxes:,} labelled boxes, {how}; seeds: "
    "{seeds}; {budget} a training",
    "in_folds": "cross-validated in {folds} folds",
    "own_list": "the set's own {split} list",
    "own_sets": "of sets that never train",
    "steps": "{number:g} steps",
    "minutes": "{number:g} minutes",
    "steps_range": "{low:g} to {high:g} steps by arm",
    "minutes_range": "{low:g} to {high:g} minutes by arm",
    "unfinished": "Not all seeds are done yet; this is what the finished ones say. The same command goes on.",
    "one_arm": "There is one arm only.",
    "nav": "Parts of this page",
    "top": "Back to the top",
    "note": "note",
    # figures
    "recall": "recall",
    "false_positives": "false detections",
    "false_per": "false per {picture}",
    "at_least": "detections of at least {confidence:g}",
    "to": "{low} to {high}",
    "seconds": "seconds",
    "seconds_each": "seconds a training",
    "cpu_seconds": "CPU s",
    "trained_on": "trained on",
    "real": "{number} real",
    "pasted": "{number} pasted",
    "backgrounds": "{number} backgrounds",
    "alone": "the data alone",
    "verdict": "verdict",
    "below": "Below each figure its {level:.0%} interval. Verdicts:",
    # arms and differences
    "arm": "Arm",
    "arms": "Arms",
    "arms_lead": "Band: {level:.0%} interval. Large dot: mean over the seeds. Small dots: single "
    "seeds. An arm is a training set; every arm had the same budget, the same seeds and the same judges.",
    "differences": "Differences",
    "differences_lead": "An arm less the one it is compared with, through the same draws of "
    "photographs and seeds. A band that touches zero: it cannot be told.",
    "of": "Of",
    "against": "against {name}",
    "of_each_arm": "{figure} of each arm",
    "difference_in": "difference in {figure} from the baseline",
    "baseline": "baseline",
    "named_pairs": "named pairs",
    "higher": "higher is better",
    "right_helps": "right of zero: it helps",
    "legend": "Lines: {level:.0%} intervals. Small dots: single seeds. A difference whose line "
    "touches zero cannot be told from none.",
    # what AP50 is lost to
    "lost": "What AP50 is lost to",
    "lost_below": "What AP50 is lost to, and the most that a cure of such mistakes alone can win:",
    "lost_lead": "What AP50 would gain if all mistakes of a kind were undone and nothing else (after TIDE, "
    "Bolya et al. 2020). It is also the most that a change of the data which cures such mistakes alone can "
    "win on these photographs. Nothing there: a detection that overlaps no label by .1. Badly placed: it "
    "overlaps one by .1 to .5. The figures do not add up: one mistake hides another.",
    "lost_background": "nothing there",
    "lost_location": "badly placed",
    # how it was measured
    "measured": "How it was measured",
    "budget": "Budget",
    "budget_said": "{budget} for every training; {settings}",
    "judges": "Judged by",
    "judges_folds": "Every photograph judges once a seed, in one of the folds, and trains in the "
    "others; copies and siblings stay together. Each seed deals the folds anew, pastes anew and begins "
    "training anew. Figures are worked out over all folds together.",
    "judges_list": "Trained on the set's own train list, judged by its {split} list, which is never "
    "trained on. Each seed pastes anew and begins training anew.",
    "judges_sets": "Trained on the data set, judged by every photograph of {sets}, none of which is ever "
    "trained on. Each seed pastes anew and begins training anew.",
    "nothing_else": "Nothing else judges",
    "nothing_else_said": "Steps see the training photographs of a fold only: objects are cut out of "
    "those, and nothing pasted or mined judges. {checked:,} files that were trained on were compared "
    "byte by byte with the photographs that judged them, and none was one of them.",
    "weights": "Weights",
    "weights_said": "Averaged weights of the last step, never a choice among checkpoints.",
    "false_backgrounds": "Counted on {count} background pictures on which no arm was trained, at "
    "confidence {confidence:g}. Recall is read where {rate:g} of them are allowed a picture, so that "
    "arms whose scores differ can be compared. AP50 with backgrounds is worked out over photographs and "
    "backgrounds together, of any confidence: what is found on a background is false there, too.",
    "false_photographs": "Detections of at least {confidence:g} that find no label at IoU .50, on "
    "the photographs that judge. Recall is read where {rate:g} of them are allowed a photograph.",
    "intervals": "Intervals",
    "intervals_said": "{level:.0%}, between percentiles of {draws:,} draws. Photographs (with their "
    "copies) and seeds are drawn with replacement, crossed; differences are paired: both arms through "
    "the same draws. What other training photographs would change is covered as far as seeds deal them "
    "differently. Each comparison is judged by itself: of twenty arms that truly make no difference, one "
    "may seem to.",
    # pictures
    "what_they_see": "What they see",
    "key_label": "label",
    "key_right": "detection that finds a label",
    "key_wrong": "false detection",
    "pictures_lead": "Shown are detections of at least {confidence:g}, by networks that never saw "
    "the photograph, with the first seed. Misses and false detections are the worst over all seeds.",
    "some_trained": "Trained on, with labels (some, of the first fold)",
    "strip": "Judged by: the same photographs in every arm, by the size of their objects",
    "misses": "Worst misses",
    "false": "Most confident false detections",
    "found": "{hit} of {labels} found",
    "found_false": "{hit} of {labels} found, {wrong} false",
    "missed": "found with {times} of {seeds} seeds, mean score {score:.2f}",
    "on_photograph": "{score:.2f}, on a photograph",
    "on_background": "{score:.2f}, on a background",
    "gone": "cannot be decoded any more",
    # trainings
    "every_training": "Every training",
    "trainings": "{count} trainings, with the figures on their own fold",
    "seed": "seed",
    "fold": "fold",
}

_CHINESE: dict[str, str] = {
    Verdict.HELPS.value: "有帮助",
    Verdict.HURTS.value: "有害",
    Verdict.UNTOLD.value: "无法判断",
    "told": "“{of}”与“{against}”相比{verdict}：{seen}。",
    "untold": "“{of}”与“{against}”相比是否有帮助无法判断：{seen}。",
    "seen": "{figure} {a:.3f} 对 {b:.3f}，{difference}（{level:.0%} 区间 {low} 到 {high}）",
    "one_seed": "只试了一个种子：区间不包含换一个种子会带来的变化。",
    "no_difference": "小于 {least:g} 的差别等于没有差别。",
    "too_small": "这么小的差别，单靠更多种子或更多照片都看不出来。",
    "would_show": "若真实差别有这么大，大约需要{ways}，五次里有四次能看出来。",
    "more_seeds": "{more} 个种子（现在 {now} 个）",
    "more_photographs": "{more:,} 张测试照片（现在 {now:,} 张）",
    "or": "或",
    "others": "其他指标中可以判断的：{figures}。",
    "and": "；",
    "named": "“{figure}”",
    "undefined": "无定义",
    "lang": "zh",
    "title": "有帮助吗？",
    "judged_by": "{photographs:,} 张真实照片，{boxes:,} 个标注框，{how}；种子数：{seeds}；每次训练 {budget}",
    "in_folds": "{folds} 折交叉验证",
    "own_list": "数据集自带的 {split} 列表",
    "own_sets": "来自从不参加训练的数据集",
    "steps": "{number:g} 步",
    "minutes": "{number:g} 分钟",
    "steps_range": "{low:g} 到 {high:g} 步（各组不同）",
    "minutes_range": "{low:g} 到 {high:g} 分钟（各组不同）",
    "unfinished": "还有种子没有做完；这里只是已完成部分的结果。再次运行同一命令会继续。",
    "one_arm": "只有一个组。",
    "nav": "本页内容",
    "top": "回到顶部",
    "note": "说明",
    "ap50": "AP50",
    "ap50_backgrounds": "含背景图的 AP50",
    "ap": "AP",
    "recall": "召回率",
    "false_positives": "误检",
    "recall_at": "每张{picture}允许 {rate:g} 个误检时的召回率",
    "false_at": "每张{picture}的误检（置信度 {confidence:g}）",
    "false_per": "每张{picture}的误检",
    "at_least": "置信度至少 {confidence:g} 的检测",
    "background": "背景图",
    "photograph": "照片",
    "to": "{low} 到 {high}",
    "seconds": "秒",
    "seconds_each": "每次训练秒数",
    "cpu_seconds": "CPU 秒",
    "trained_on": "训练图片",
    "real": "{number} 张真实",
    "pasted": "{number} 张粘贴",
    "backgrounds": "{number} 张背景",
    "alone": "仅原数据",
    "verdict": "结论",
    "below": "每个数字下面是它的 {level:.0%} 区间。结论：",
    "arm": "组",
    "arms": "各组",
    "arms_lead": "色带：{level:.0%} 区间。大点：各种子的平均。小点：单个种子。一组就是一个训练集；所"
    "有组的训练量、种子和评判照片都相同。",
    "differences": "差别",
    "differences_lead": "一组减去与之比较的组，使用同样的照片和种子抽样。色带碰到零：无法判断。",
    "of": "组",
    "against": "对比 {name}",
    "of_each_arm": "各组的 {figure}",
    "difference_in": "与基线相比的 {figure} 差别",
    "baseline": "基线",
    "named_pairs": "指定的对比",
    "higher": "越高越好",
    "right_helps": "在零的右边：有帮助",
    "legend": "线：{level:.0%} 区间。小点：单个种子。线碰到零的差别无法与没有差别区分。",
    "lost": "AP50 损失在哪里",
    "lost_below": "AP50 损失在哪里（也是只纠正这类错误所能赢得的上限）：",
    "lost_lead": "如果某一类错误全部消除、其余不变，AP50 会增加多少（方法见 TIDE，Bolya 等，2020）。这也是"
    "只能纠正这类错误的数据改动在这些照片上所能赢得的上限。没有物体：与任何标注的 IoU 都不到 .1。位置不准："
    "与某个标注的 IoU 在 .1 到 .5 之间。各项不能相加：一个错误会遮住另一个。",
    "lost_background": "没有物体",
    "lost_location": "位置不准",
    "measured": "如何测量",
    "budget": "训练量",
    "budget_said": "每次训练 {budget}；{settings}",
    "judges": "由谁评判",
    "judges_folds": "每张照片在每个种子下只评判一次，在其余各折中参加训练；副本和同源照片不会分开。"
    "每个种子都重新分折、重新粘贴、重新开始训练。数字由所有折合在一起计算。",
    "judges_list": "用数据集自带的 train 列表训练，由 {split} 列表评判，后者从不参加训练。每个种子都"
    "重新粘贴、重新开始训练。",
    "judges_sets": "用数据集训练，由 {sets} 的每张照片评判，它们从不参加训练。每个种子都重新粘贴、"
    "重新开始训练。",
    "nothing_else": "没有别的评判",
    "nothing_else_said": "各步骤只能看到本折的训练照片：物体只从这些照片中剪下，粘贴或挖掘得到的图片"
    "从不参与评判。{checked:,} 个训练文件与评判它们的照片逐字节比较过，没有一个相同。",
    "weights": "权重",
    "weights_said": "最后一步的平均权重，从不在检查点中挑选。",
    "false_backgrounds": "在 {count} 张从未参加训练的背景图上计数，置信度 "
    "{confidence:g}。召回率取每张图允许 {rate:g} 个误检之处，这样得分尺度不同的组也能比较。含背景图的 AP50 "
    "把照片和背景图合在一起计算，不限置信度：背景图上的检测在那里也算误检。",
    "false_photographs": "评判照片上置信度至少 {confidence:g}、在 IoU .50 下没有对上任何标注的检测。"
    "召回率取每张照片允许 {rate:g} 个误检之处。",
    "intervals": "区间",
    "intervals_said": "{level:.0%}，取 {draws:,} 次抽样的百分位数。照片（连同副本）和种子都有放回地"
    "交叉抽样；差别是成对的：两组用同样的抽样。换别的训练照片会带来的变化，只体现在各种子分折不同这一部分。"
    "每个对比单独判断：二十个其实没有差别的组里，可能有一个看起来有差别。",
    "what_they_see": "它们看到了什么",
    "key_label": "标注",
    "key_right": "对上标注的检测",
    "key_wrong": "误检",
    "pictures_lead": "显示置信度至少 {confidence:g} 的检测，来自没有见过该照片的网络，第一个种子。漏"
    "检和误检是所有种子中最严重的。",
    "some_trained": "训练图片及标注（第一折中的几张）",
    "strip": "评判：各组用同样的照片，按物体从小到大",
    "misses": "最严重的漏检",
    "false": "最自信的误检",
    "found": "{labels} 个中找到 {hit} 个",
    "found_false": "{labels} 个中找到 {hit} 个，误检 {wrong} 个",
    "missed": "{seeds} 个种子中 {times} 个找到，平均得分 {score:.2f}",
    "on_photograph": "{score:.2f}，在照片上",
    "on_background": "{score:.2f}，在背景图上",
    "gone": "已无法解码",
    "every_training": "每次训练",
    "trainings": "{count} 次训练，及各自在本折上的数字",
    "seed": "种子",
    "fold": "折",
}

WORDS: Mapping[str, Words] = {"en": _ENGLISH, "zh": _CHINESE}
