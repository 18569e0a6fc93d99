"""What charts are made of: SVG elements that the page styles, light or dark."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.report.page import text

LETTER = 6.6  # px of a Latin letter, about; a Chinese one is twice as wide


def picture(width: float, height: float, parts: Sequence[str]) -> str:
    """A chart of so many units; on the page it is as wide as there is room."""
    return f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img">{"".join(parts)}</svg>'


def words(x: float, y: float, content: str, *, kind: str = "", anchor: str = "", turn: float = 0) -> str:
    """Text whose HTML is `content`, on a base line at y, ending or centred at x where `anchor` says so."""
    place = f'transform="translate({x:.1f} {y:.1f}) rotate({turn:g})"' if turn else f'x="{x:.1f}" y="{y:.1f}"'
    style = f' class="{kind}"' if kind else ""
    return f"<text{style} {place}" + (f' text-anchor="{anchor}"' if anchor else "") + f">{content}</text>"


def path(kind: str, d: str) -> str:
    """A stroke."""
    return f'<path class="{kind}" d="{d}"/>'


def dot(kind: str, x: float, y: float, radius: float = 5, title: str = "") -> str:
    """A point, with words that appear under the pointer."""
    inside = f"<title>{text(title)}</title>" if title else ""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}">{inside}</circle>'


def block(
    kind: str, x: float, y: float, width: float, height: float, *, opacity: float = 1, title: str = ""
) -> str:
    """A filled rectangle."""
    inside = f"<title>{text(title)}</title>" if title else ""
    pale = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    box = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {box}{pale}>{inside}</rect>'


def whisker(low: float, high: float, y: float) -> str:
    """An interval, lying, with its ends."""
    ends = "".join(f"M{x:.1f} {y - 4:.1f}v8" for x in (low, high))
    return path("whisker", f"M{low:.1f} {y:.1f}H{high:.1f}{ends}")


def width_of(name: str) -> float:
    """Units that a word takes, about."""
    return sum(2 * LETTER if ord(letter) > 0x2E80 else LETTER for letter in name)


def cut(name: str, most: int) -> str:
    """A name as HTML, shortened to about `most` letters, with the whole under the pointer."""
    if width_of(name) <= most * LETTER:
        return text(name)
    short = name
    while short and width_of(short + "…") > most * LETTER:
        short = short[:-1]
    return f"{text(short)}…<title>{text(name)}</title>"
