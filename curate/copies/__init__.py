"""What shows the same thing: the same bytes, the same pixels, nearly the same picture, or one source."""
