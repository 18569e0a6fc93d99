"""Only pixels: a picture, a cut-out and a placement in; the picture with the thing in its place out."""
