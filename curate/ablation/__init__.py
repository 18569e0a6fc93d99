"""What an ablation has measured, and how sure one can be of it. Numbers only: no files, no network.

matches       which detections of a photograph find its labels, at the ten IoU thresholds of COCO
precision     average precision and rates of false positives under any weights of photographs
bootstrap     draws of photographs and seeds, and the intervals they give
verdict       helps, hurts, cannot be told, and how much more it would take
"""
