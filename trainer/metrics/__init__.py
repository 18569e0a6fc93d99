"""Detections and labels in, figures out. Everything in pixels of the original images; no files, no network.

truth         what was labelled
matching      who found whom, by COCO's rule; everything else starts from it
coco          average precision and recall, for any weighting of the images
voc           VOC 2007 and 2012
curves        precision, recall and F1 over the confidence; thresholds
judgement     all these in one `Metrics`: what training looks at
bootstrap     intervals, and whether one detector is better than another
confusion     which class is taken for which
mistakes      what kinds of mistake there are, and the AP each costs
calibration   whether a confidence of .8 is right in 8 of 10
sizes         how large an object must be to be found
slices        the same figures for parts of the images
worst         which images cost most
"""

from trainer.metrics.curves import Curve, WorkingPoint
from trainer.metrics.judgement import SHAPES, SIZES, ClassMetrics, Metrics, SizeMetrics, judge, score
from trainer.metrics.matching import Matching, match
from trainer.metrics.truth import Truth
from trainer.metrics.voc import voc07_ap, voc12_ap

__all__ = [
    "SHAPES",
    "SIZES",
    "ClassMetrics",
    "Curve",
    "Matching",
    "Metrics",
    "SizeMetrics",
    "Truth",
    "WorkingPoint",
    "judge",
    "match",
    "score",
    "voc07_ap",
    "voc12_ap",
]
