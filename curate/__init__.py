"""Turn a folder of labelled images into a better folder of labelled images."""

__version__ = "0.1.0"
