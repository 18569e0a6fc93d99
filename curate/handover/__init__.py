"""The hand-over folder, the contract with every trainer: images, labels, `data.yaml` and `dataset.json`.

`assembly` opens data sets and deals them out to splits; `selection` decides from the fact tables what goes
out and says why the rest does not; `yolo_folder` and `voc_folder` write it. Nothing is dropped silently.
"""
