"""What libxml2, the parser many readers stand on, objects to. No entity is expanded, nothing is fetched."""

from __future__ import annotations


def objection(text: str) -> tuple[int, int, str] | None:
    """1-based line and column and the message of libxml2's first error; None where it accepts the text."""
    from lxml import etree  # only suspicious files come here, so most runs never load it

    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says, we hand over UTF-8
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        message = (error.msg or "not well-formed").rsplit(", line ", 1)[0].strip()
        return max(line, 1), max(column, 1), message
    return None
