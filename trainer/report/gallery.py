"""The part of the page where images are looked at: filters, legend, and a place for the cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainer.metrics.mistakes import KINDS
from trainer.report.page import lead, part, section, text


def gallery(title: str, words: str, counts: Mapping[str, int], *, note: str = "") -> str:
    """`counts` is how many of the images have a mistake of each kind."""
    boxes = "".join(
        f'<label class="check"><input type="checkbox" name="kind" value="{code}" checked> {text(name)} '
        f"({counts.get(kind, 0)})</label>"
        for code, (kind, name) in enumerate(KINDS.items())
    )
    left_out = f'<p class="note">{text(note)}</p>' if note else ""
    content = part("gallery.html", kinds=boxes, left_out=left_out)
    return section("images", title, lead(text(words)), content)


def data(
    rows: Sequence[dict[str, Any]], classes: Sequence[str], panes: Sequence[str], *, ordered: bool = False
) -> dict[str, Any]:
    """What page.js works on. `ordered` images stay in their order, others are sorted by cost."""
    return {
        "kinds": list(KINDS.values()),
        "classes": list(classes),
        "panes": list(panes),
        "images": list(rows),
        "ordered": ordered,
    }
