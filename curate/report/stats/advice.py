"""The advice in sentences: what to keep, what to change, and the numbers that say so."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from curate.report.html.overview import percent
from curate.report.stats.groups import CLASS, SPLIT, Group
from curate.report.stats.result import Result
from curate.report.stats.words import Words


@dataclass(frozen=True)
class Sentence:
    """One piece of advice, beside what `trainer fit` does unasked."""

    topic: str
    change: bool  # or keep what is usual
    text: str


def advice(result: Result, words: Words) -> list[Sentence]:
    """Size, levels, head, anchors, threshold; [] without boxes."""
    if result.anchors is None:
        return []
    return [
        Sentence(words["topic_imgsz"], result.size.advised != result.imgsz, _size(result, words)),
        Sentence(
            words["topic_strides"], result.levels.strides != result.levels.usual, _strides(result, words)
        ),
        Sentence(words["topic_head"], False, _head(result, words)),
        Sentence(words["topic_anchors"], False, _anchors(result, words)),
        Sentence(words["topic_anchor_t"], False, _t(result, words)),
    ]


def command(result: Result, words: Words) -> str | None:
    """What to type next; None where the defaults are right."""
    if not result.options:
        return None
    if result.options[0] == "--imgsz":
        return words["again"].format(path=shlex.quote(result.target), imgsz=result.size.advised)
    options = (*(("--imgsz", str(result.imgsz)) if result.imgsz != 640 else ()), *result.options)
    return words["next"].format(options=" ".join(options))


def _size(result: Result, words: Words) -> str:
    size = result.size
    values = {
        "imgsz": size.imgsz,
        "advised": size.advised,
        "own": f"{size.own:,}",
        "share": percent(size.unseen_at(size.imgsz)),
        "then": percent(size.unseen_at(size.advised)),
        "cost": f"{size.cost:.1f}" if size.cost > 1 else percent(size.cost),
    }
    reason = size.reason
    if reason == "detail" and size.own > size.imgsz:
        reason = "most"
    cheaper = ""
    if reason == "keep" and size.enough is not None and size.enough < size.imgsz:
        share = percent((size.enough / size.imgsz) ** 2)
        then = percent(size.unseen_at(size.enough))
        cheaper = words["imgsz_cheaper"].format(enough=size.enough, cost=share, then=then)
    return words[f"imgsz_{reason}"].format(**values, cheaper=cheaper).strip()


def _strides(result: Result, words: Words) -> str:
    from trainer.levels import CELLS, FEW, REACH

    found = result.levels
    if found.strides == found.usual:
        return words["strides_keep"].format(usual=listed(found.usual))
    why = []
    for stride in found.added:
        fine = stride < found.usual[0]
        near = found.usual[0] if fine else found.usual[-1]
        why.append(
            words["strides_added_fine" if fine else "strides_added_coarse"].format(
                stride=stride,
                share=percent(found.small if fine else found.huge),
                limit=f"{(CELLS if fine else REACH) * near:g}",
                next=near,
            )
        )
    if found.idle:
        why.append(words["strides_idle"].format(strides=listed(found.idle), few=percent(FEW)))
    return words["strides_change"].format(strides=listed(found.strides), why="; ".join(why))


def _head(result: Result, words: Words) -> str:
    from trainer.levels import LARGE

    found = result.levels
    stride = found.usual[-1]
    values = {"limit": f"{LARGE * stride:g}", "stride": stride}
    if found.without_anchors:
        return words["head_free"].format(share=percent(found.large), **values)
    return words["head_anchors"].format(share=percent(1 - found.large), **values)


def _anchors(result: Result, words: Words) -> str:
    from trainer.anchor_choice import ENOUGH, TOLD

    found = result.anchors
    assert found is not None
    gain = words["gain_held_out" if found.held_out else "gain_same"].format(gain=f"{found.gain:+.3f}")
    values = {"gain": gain, "bpr": percent(found.default.bpr), "misplaced": percent(found.misplaced)}
    if found.verdict == "keep":
        return words["anchors_misplaced" if found.gain > 0 else "anchors_keep"].format(**values)
    if found.verdict == "either":
        return words["anchors_either"].format(**values)
    said = words["anchors_needed" if found.default.bpr < ENOUGH else "anchors_fit"].format(**values)
    return said + (words["anchors_but"].format(**values) if found.misplaced >= TOLD else "")


def _t(result: Result, words: Words) -> str:
    found = result.anchors
    assert found is not None
    mine, then = found.taken, found.at(found.advised_t)
    values = {
        "now": f"{found.anchor_t:g}",
        "bpr": percent(mine.quality.bpr),
        "answering": f"{mine.answering:.1f}",
        "count": len(mine.anchors),
        "then": f"{then.anchor_t:g}",
        "better": percent(then.bpr),
        "fewer": f"{then.answering:.1f}",
    }
    if then.anchor_t == found.anchor_t:
        return words["anchor_t_keep"].format(**values)
    return words["anchor_t_lower" if then.anchor_t < found.anchor_t else "anchor_t_raise"].format(**values)


def listed(numbers: tuple[int, ...]) -> str:
    """8,16,32"""
    return ",".join(map(str, numbers))


def name_of(group: Group, words: Words) -> str:
    """What a group is called."""
    if group.kind == SPLIT:
        return words["in_no_list"] if group.name is None else group.name
    if group.kind == CLASS:
        return group.name or words["no_name"]
    return words["all"]
