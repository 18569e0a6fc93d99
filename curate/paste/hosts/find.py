"""Where the hosts of a picture are: labels first, then a detector, then what can be seen without either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curate.arrays import Pixels
from curate.paste.hosts import hands, mouths
from curate.paste.hosts.detector import Detector
from curate.paste.hosts.faces import faces
from curate.paste.hosts.model import HAND, MOUTH, Found, Host, by_box
from curate.paste.hosts.names import Wanted
from curate.paste.hosts.skin_search import hands_by_skin
from curate.paste.targets import Label, Target, free


@dataclass(frozen=True)
class Finder:
    """How hosts are found; the same for every picture of a run."""

    wanted: Wanted
    detector: Detector | None = None

    def find(self, image: Pixels, target: Target) -> list[tuple[Found, float]]:
        """(host, the side it is turned to) for all hosts of a picture that hold nothing else labelled."""
        found: list[tuple[Found, float]] = []
        kinds = dict(self.wanted.labelled)
        for label in free(target, [one for one in target.labels if one.name in kinds], kinds):
            found.append((Found(kinds[label.name], label.name, label.object, label.xyxy, "label"), 0.0))
        for label in target.labels:
            if label.name in self.wanted.faces:
                found.append((Found(MOUTH, label.name, label.object, label.xyxy, "face"), 0.0))
        if HAND in self.wanted.sought:
            seen = self.detector.find(image) if self.detector is not None else hands_by_skin(image)
            found += [(hand, 0.0) for hand in seen if _apart(hand, target.labels)]
        if MOUTH in self.wanted.sought:
            for face in faces(image):
                found.append((Found(MOUTH, MOUTH, 0, face.box, "face", face.belief), face.turn))
        return found


def describe(image: Pixels, found: Found, turn: float = 0.0) -> Host:
    """What the pixels say of a host."""
    if found.kind == HAND:
        return hands.describe(image, found.box)
    if found.kind == MOUTH:
        return mouths.describe(image, found, turn)
    return by_box(found.kind, image, found.box, quality=found.belief)


def _apart(hand: Found, labels: Sequence[Label]) -> bool:
    """Whether a found hand covers no labelled thing: it would hold two then."""
    x0, y0, x1, y1 = hand.box
    for label in labels:
        a0, b0, a1, b1 = label.xyxy
        shared = max(min(x1, a1) - max(x0, a0), 0) * max(min(y1, b1) - max(y0, b0), 0)
        if shared > 0.3 * (a1 - a0) * (b1 - b0):
            return False
    return True
