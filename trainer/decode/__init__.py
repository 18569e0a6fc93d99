"""Raw network maps in, final detections out: box decoding, one file a head, and non-maximum suppression.

Whatever the head, decoded boxes are (B, N, 4 + 1 + C): xyxy in pixels of the network's input, an objectness
in 0..1 and a probability a class; a score is their product. A head without objectness gives 1.
"""

from trainer.decode.anchor import decode
from trainer.decode.suppress import (
    MAX_CANDIDATES,
    Detections,
    detections,
    iou_matrix,
    nms,
    voted,
)

__all__ = [
    "MAX_CANDIDATES",
    "Detections",
    "decode",
    "detections",
    "iou_matrix",
    "nms",
    "voted",
]
