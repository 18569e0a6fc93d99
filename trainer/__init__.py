"""Turn a hand-over folder (images, labels, data.yaml) into a detector."""

__version__ = "0.1.0"
