"""One pipeline a file, each callable from Python without a terminal: typed keywords in, a result out."""
