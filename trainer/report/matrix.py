"""A matrix of counts as a chart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.report.page import text
from trainer.report.svg import block, cut, picture, width_of, words

_NAME = 22  # letters of a name


def matrix(
    counts: NDArray[np.int64], rows: Sequence[str], columns: Sequence[str], *, down: str, across: str
) -> str:
    """Counts in cells, darker with their share of the row; the last row stays pale, being no class."""
    cell = 46.0 if len(rows) <= 10 else 34.0
    left = min(190.0, max(map(width_of, rows), default=0) + 34)
    top = min(150.0, max(map(width_of, columns), default=0) * 0.72 + 34)
    totals = counts.sum(axis=1)
    parts = [
        words(left, 12, f"{text(across)} →"),
        words(12, top + cell * len(rows) / 2, f"← {text(down)}", anchor="middle", turn=-90),
    ]
    for j, name in enumerate(columns):
        parts.append(words(left + cell * (j + 0.5), top - 8, cut(name, _NAME), kind="strong", turn=-45))
    for i, name in enumerate(rows):
        y = top + cell * i
        parts.append(words(left - 8, y + cell / 2 + 4, cut(name, _NAME), kind="strong", anchor="end"))
        for j, column in enumerate(columns):
            count = int(counts[i, j])
            share = count / int(totals[i]) if totals[i] and i < len(rows) - 1 else 0.0
            x, title = left + cell * j, f"labelled {name}, found as {column}: {count}" if count else ""
            pale = 0.05 + 0.9 * share**0.7
            parts.append(block("heat", x, y, cell - 2, cell - 2, opacity=pale, title=title))
            if count:
                kind = "in-dark" if share > 0.35 else "strong"
                middle = x + cell / 2 - 1, y + cell / 2 + 4
                parts.append(words(*middle, f"{count}", kind=f"{kind} still", anchor="middle"))
    return picture(left + cell * len(columns) + 70, top + cell * len(rows) + 8, parts)
