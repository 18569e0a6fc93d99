"""The hand-over folder, the contract with every trainer: images, labels, `data.yaml` and `dataset.json`.

`selection` decides from the fact tables what goes out, and says why the rest does not; `yolo_folder` and
`voc_folder` write it. Nothing is dropped silently.
"""

from curate.handover.selection import Box, Dropped, Item, Selection, Source, class_list, select

__all__ = ["Box", "Dropped", "Item", "Selection", "Source", "class_list", "select"]
