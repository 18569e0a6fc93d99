"""Which tool wrote an annotation: known by what it leaves behind in `<source>`, `<folder>` and names.

The signatures are those of the tools' public exporters and of files that they wrote.
"""

from __future__ import annotations

from collections import Counter

from curate.formats.voc import Document
from curate.rules.model import Facts
from curate.rules.whole_set import with_boxes

LOOKED_AT = 12  # annotations, spread over the data set: one tool mostly wrote all of them

CURATE, DEVKIT, IMAGENET = "curate", "the VOC development kit", "ImageNet"
LABEL_STUDIO, ROBOFLOW, LABELME = "Label Studio", "Roboflow", "LabelMe"
CVAT, VOTT, LABELIMG = "CVAT or Datumaro", "VoTT", "labelImg"

# What each is known for. Where nothing is said the data alone must tell.
COUNTS = {
    DEVKIT: "counts from 1",
    LABELIMG: "writes 1 for 0",
    ROBOFLOW: "counts from 0",
}


def writing_tool(facts: Facts) -> tuple[str, int, int] | None:
    """(tool, annotations that bear its signature, annotations looked at); None where no tool wrote most."""
    paths = with_boxes(facts)
    chosen = paths[:: max(len(paths) // LOOKED_AT, 1)][:LOOKED_AT]
    tools = Counter(signature(facts.document(path)) for path in chosen)
    tool, count = tools.most_common(1)[0] if tools else (None, 0)
    return None if tool is None or 2 * count <= len(chosen) else (tool, count, len(chosen))


def signature(document: Document) -> str | None:
    """The tool that wrote an annotation, the surest signs first; None where nothing is typical."""
    if document.root is None:
        return None
    database, annotation, image = (_text(document, f"source/{tag}") for tag in _SOURCE)
    folder, filename = _text(document, "folder"), _text(document, "filename") or ""
    if (database or "").startswith("curate "):
        return CURATE
    if (annotation or "").startswith("PASCAL VOC"):
        return DEVKIT
    if (database or "").startswith(("ILSVRC", "ImageNet")):
        return IMAGENET
    if _text(document, "owner/name") == LABEL_STUDIO:
        return LABEL_STUDIO
    if (database or "").startswith("roboflow") or ".rf." in filename:
        return ROBOFLOW
    if _text(document, "source/sourceAnnotation") is not None:
        return LABELME
    if database == annotation == image == "Unknown":
        return CVAT
    if database != "Unknown" or _text(document, "segmented") is None:
        return None
    if folder == "Annotation" and document.root.attributes.get("verified") == "yes":
        return VOTT
    return LABELIMG if annotation is None and document.find("path") is not None else None


_SOURCE = ("database", "annotation", "image")


def _text(document: Document, path: str) -> str | None:
    element = document.find(path)
    return None if element is None else element.text.strip()
