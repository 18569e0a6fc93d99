"""The frame of a page, and what its sections are made of. Text in, bytes out.

Names come from data sets and are hostile until they are escaped; beyond that the page forbids itself (by a
Content-Security-Policy) every script and style but its own. Same input, same bytes: it holds no clock.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template
from typing import Any


def text(value: object) -> str:
    """As text of the page, whatever it holds."""
    return html.escape(str(value), quote=True)


def figure(value: float, digits: int = 3) -> str:
    """A figure, or a dash for what is undefined."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def signed(value: float, shown: str | None = None) -> str:
    """A difference with its sign, as `shown` where that is given."""
    if math.isnan(value):
        return "–"
    return "0" if shown is not None and not value else (shown or f"{value:+.3f}").replace("-", "−")


def section(name: str, title: str, *parts: str) -> str:
    """A section that the bar at the top leads to."""
    return f'<section id="{name}"><h2>{text(title)}</h2>\n' + "\n".join(parts) + "\n</section>\n"


def lead(words: str) -> str:
    """What a section shows, in a sentence or two; HTML."""
    return f'<p class="lead">{words}</p>'


def drawing(title: str, chart: str, note: str = "") -> str:
    """A chart under its title, with what must be known to read it."""
    return (
        f"<figure><figcaption>{text(title)}</figcaption>{chart}"
        + (f"<p>{note}</p>" if note else "")
        + "</figure>"
    )


def sheet(title: str, png: bytes, note: str = "") -> str:
    """A plot as wide as the page, under its title; it lies inside the page."""
    inside = base64.b64encode(png).decode("ascii")
    image = f'<img alt="{text(title)}" src="data:image/png;base64,{inside}">'
    return (
        f'<figure class="sheet"><figcaption>{text(title)}</figcaption>{image}'
        + (f"<p>{text(note)}</p>" if note else "")
        + "</figure>"
    )


def drawings(*figures: str) -> str:
    """Charts side by side where there is room."""
    return '<div class="plots">' + "".join(figures) + "</div>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, last_is_sum: bool = False) -> str:
    """Cells are HTML; the first of each row is its head."""
    lines = [list(row) for row in rows]
    body = "".join(
        f'<tr{" class=sum" if last_is_sum and i == len(lines) - 1 else ""}><th scope="row">{row[0]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in row[1:])
        + "</tr>"
        for i, row in enumerate(lines)
    )
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def assemble(
    *,
    title: str,
    heading: str,
    head: str,
    sections: Sequence[tuple[str, str, str]],
    data: Any,
    brand: str = "trainer val",
) -> bytes:
    """The whole page. `sections` are (name, word of the bar at the top, HTML); `data` is for the script.

    `brand` is the command that made it.
    """
    style, script = _read("page.css"), _read("page.js")
    links = "".join(f'<a href="#{name}">{text(word)}</a>' for name, word, _ in sections)
    page = part(
        "page.html",
        policy=_policy(style, script),
        title=text(title),
        brand=text(brand),
        heading=text(heading),
        head=head,
        links=links,
        sections="".join(content for _, _, content in sections),
        style=style,
        script=script,
        data=_embedded(data),
    )
    # only ASCII, so that no server and no editor can garble a name
    return page.encode("ascii", "xmlcharrefreplace")


def part(name: str, **values: str) -> str:
    """A file of this room with its `$words` filled in; values are HTML."""
    return Template(_read(name)).substitute(values)


def _read(name: str) -> str:
    return (resources.files("trainer.report") / name).read_text(encoding="utf-8")


def _embedded(data: Any) -> str:
    """JSON that can stand within a script element: nothing in it ends the element or opens a comment."""
    plain = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(style: str, script: str) -> str:
    hashes = (base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script))
    allowed_style, allowed_script = (f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; img-src data:; style-src {allowed_style}; script-src {allowed_script}; "
        "base-uri 'none'; form-action 'none'"
    )
