"""Detections as others read them: Pascal VOC XML, YOLO rows, predictions.json. Bytes out, nothing written.

Detections come in as float pixels, 0-based, the right and lower edges exclusive.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from xml.sax.saxutils import escape

from trainer.decode import Detections

SCHEMA = 1  # of predictions.json

# What XML 1.0 forbids even as a character reference: most controls, half a surrogate pair, U+FFFE and U+FFFF.
# Half pairs stand in names whose bytes on disk are no UTF-8.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def voc_xml(
    image: PurePath, size: tuple[int, int], found: Detections, classes: Sequence[str], *, depth: int = 3
) -> bytes:
    """An annotation in VOC's convention: whole pixels, counted from 1, the last one included.

    `image` names the file and its folder, `size` is (width, height), `depth` its channels. Each
    object carries its `<confidence>`, which VOC readers pass over.
    """
    width, height = size
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<annotation>",
        f"  <folder>{_text(image.parent.name)}</folder>",
        f"  <filename>{_text(image.name)}</filename>",
        f"  <size><width>{width}</width><height>{height}</height><depth>{depth}</depth></size>",
        "  <segmented>0</segmented>",
    ]
    for box, label, score in zip(
        found.xyxy.tolist(), found.classes.tolist(), found.scores.tolist(), strict=True
    ):
        x1, x2 = _whole(box[0], box[2], width)
        y1, y2 = _whole(box[1], box[3], height)
        lines += [
            "  <object>",
            f"    <name>{_text(classes[label])}</name>",
            "    <pose>Unspecified</pose>",
            "    <truncated>0</truncated>",
            "    <difficult>0</difficult>",
            f"    <confidence>{score:.4f}</confidence>",
            f"    <bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox>",
            "  </object>",
        ]
    return "\n".join([*lines, "</annotation>", ""]).encode("utf-8")


def yolo_rows(size: tuple[int, int], found: Detections) -> bytes:
    """A label file: `class cx cy w h` a line, in shares of the image; empty where nothing was found."""
    width, height = size
    lines = []
    for (x1, y1, x2, y2), label in zip(found.xyxy.tolist(), found.classes.tolist(), strict=True):
        cx, cy = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
        lines.append(f"{label} {cx:.6f} {cy:.6f} {(x2 - x1) / width:.6f} {(y2 - y1) / height:.6f}\n")
    return "".join(lines).encode("ascii")


def prediction_rows(image: str, found: Detections, classes: Sequence[str]) -> list[dict[str, Any]]:
    """The entries of one image in predictions.json."""
    return [
        {
            "image": image,
            "name": classes[label],
            "confidence": round(score, 4),
            "xyxy": [round(value, 2) for value in box],
        }
        for box, label, score in zip(
            found.xyxy.tolist(), found.classes.tolist(), found.scores.tolist(), strict=True
        )
    ]


def predictions_json(rows: Sequence[dict[str, Any]]) -> bytes:
    """The whole of predictions.json, one prediction a line."""
    lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
    text = f'{{"schema": {SCHEMA}, "predictions": [' + (f"\n{lines}\n" if rows else "") + "]}\n"
    # A name whose bytes are no UTF-8 holds half surrogate pairs; as \udcxx they are JSON, and come back.
    return text.encode("utf-8", "backslashreplace")


def _whole(low: float, high: float, limit: int) -> tuple[int, int]:
    """The pixels, counted from 1, that [low, high) covers, at least one, within 1 to `limit`."""
    first = min(max(round(low) + 1, 1), limit)
    return first, min(max(round(high), first), limit)


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
