"""How well hands and mouths are found where nothing is labelled: python -m tests.bench.hosts DATA

DATA is a VOC folder in which every label is a hand, such as hands_phone_voc. Hands by skin are judged against
its labels. Mouths cannot be: the picture OUT shows every face with the place found, to be judged by eye.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from curate.arrays import Pixels
from curate.formats.discover import open_dataset
from curate.formats.images import read_pixels
from curate.geometry import as_boxes, iou_pairwise
from curate.paste.compose import encode_png
from curate.paste.hosts.faces import faces
from curate.paste.hosts.model import MOUTH, Found
from curate.paste.hosts.mouths import describe
from curate.paste.hosts.skin_search import hands_by_skin
from curate.paste.targets import targets
from curate.tree import Tree

SAME = 0.3  # IoU from which a found box is a labelled hand
TILE = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("mouths.png"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    tree = Tree.open(options.data)
    found = right = labelled = met = 0
    tiles: list[Pixels] = []
    spent = {"hands by skin": 0.0, "faces": 0.0}
    images, _ = targets(open_dataset(tree))
    for target in images:
        image = read_pixels(tree, target.image)
        if image is None:
            continue
        hands = as_boxes([label.xyxy for label in target.labels])
        start = time.process_time()
        boxes = as_boxes([f.box for f in hands_by_skin(image)])
        spent["hands by skin"] += time.process_time() - start
        labelled += len(hands)
        if len(boxes) and len(hands):
            alike = iou_pairwise(boxes, hands) >= SAME
            right += int(alike.any(axis=1).sum())
            met += int(alike.any(axis=0).sum())
        found += len(boxes)
        start = time.process_time()
        seen = faces(image)
        spent["faces"] += time.process_time() - start
        for face in seen:
            mouth = describe(image, Found(MOUTH, MOUTH, 0, face.box, "face", face.belief), face.turn)
            tiles.append(_tile(image, face.box, mouth.centre, mouth.radius))
    print(f"hands by skin: {right} of {found} boxes are hands, {met} of {labelled} hands are found")
    print(f"faces: {len(tiles)} in {len(images)} images; look at {options.output}")
    for what, seconds in spent.items():
        print(f"{what}: {1000 * seconds / max(len(images), 1):.0f} ms an image (CPU)")
    tiles += [np.zeros((TILE, TILE, 3), np.uint8)] * (-len(tiles) % 10)
    rows = [np.hstack(tiles[i : i + 10]) for i in range(0, len(tiles), 10)]
    if rows:
        options.output.write_bytes(encode_png(np.vstack(rows)))


def _tile(image: Pixels, box: tuple[float, ...], centre: tuple[float, float], radius: float) -> Pixels:
    marked = image.copy()
    cv2.circle(marked, (round(centre[0]), round(centre[1])), max(2, round(0.3 * radius)), (255, 255, 0), -1)
    pad = 0.3 * (box[2] - box[0])
    x0, y0 = max(int(box[0] - pad), 0), max(int(box[1] - pad), 0)
    part = marked[y0 : int(box[3] + pad), x0 : int(box[2] + pad)]
    return cv2.resize(part, (TILE, TILE), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main()
