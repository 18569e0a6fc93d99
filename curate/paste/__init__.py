"""New training images: cut-outs -> hands -> placement (no pixels) -> blend (only pixels) -> written files."""
