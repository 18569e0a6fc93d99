"""New training images: pieces -> hosts -> placement (no pixels) -> blend (only pixels)."""
