"""Pascal VOC annotations as labelImg writes them: a picture's labels in, the text of the file out."""

from __future__ import annotations

from dataclasses import dataclass

from .scene import Labelled

FOLDER = "JPEGImages"
DIRECTORY = "D:\\smoke\\JPEGImages\\"


@dataclass(frozen=True)
class Annotation:
    """One annotation file."""

    filename: str
    size: tuple[int, int]  # width, height
    objects: tuple[Labelled, ...]

    def text(self) -> str:
        """Tabs, no declaration, boxes 1-based and inclusive: labelImg's own habits."""
        width, height = self.size
        lines = [
            "<annotation>",
            f"\t<folder>{FOLDER}</folder>",
            f"\t<filename>{self.filename}</filename>",
            f"\t<path>{DIRECTORY}{self.filename}</path>",
            "\t<source>",
            "\t\t<database>Unknown</database>",
            "\t</source>",
            "\t<size>",
            f"\t\t<width>{width}</width>",
            f"\t\t<height>{height}</height>",
            "\t\t<depth>3</depth>",
            "\t</size>",
            "\t<segmented>0</segmented>",
        ]
        for item in self.objects:
            lines += ["\t<object>", f"\t\t<name>{item.name}</name>", "\t\t<pose>Unspecified</pose>"]
            lines += [f"\t\t<truncated>{int(item.truncated)}</truncated>", "\t\t<difficult>0</difficult>"]
            lines += [*bndbox(item.box), "\t</object>"]
        return "\n".join([*lines, "</annotation>", ""])


def bndbox(box: tuple[int, int, int, int]) -> list[str]:
    """The lines of a box given 0-based and exclusive."""
    corners = (box[0] + 1, box[1] + 1, box[2], box[3])
    tags = ("xmin", "ymin", "xmax", "ymax")
    inner = [f"\t\t\t<{tag}>{value}</{tag}>" for tag, value in zip(tags, corners, strict=True)]
    return ["\t\t<bndbox>", *inner, "\t\t</bndbox>"]
