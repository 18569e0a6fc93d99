"""Parts of the rules' documentation as HTML: paragraphs, lists and `code`, which is all they use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)


def to_html(text: str) -> str:
    """Paragraphs and lists; everything else in the text is shown as it is."""
    return "".join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block.strip())


def _block(block: str) -> str:
    if not re.match(r"[-*] ", block):
        return f"<p>{_inline(block)}</p>"
    items = re.split(r"^[-*] ", block, flags=re.MULTILINE)[1:]
    return f"<ul>{''.join(f'<li>{_inline(item.strip())}</li>' for item in items)}</ul>"


def _inline(text: str) -> str:
    return "".join(_spans(text))


def _spans(text: str) -> Iterator[str]:
    at = 0
    for match in _CODE.finditer(text):
        yield escape(text[at : match.start()])
        yield f"<code>{escape(match[2])}</code>"
        at = match.end()
    yield escape(text[at:])
