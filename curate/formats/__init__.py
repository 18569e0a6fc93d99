"""File formats in and out: bytes become fact tables here, and nothing here judges them."""
