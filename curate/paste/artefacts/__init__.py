"""Can pasted things be told from real ones? Small pictures of both in, how well they are told apart out."""
