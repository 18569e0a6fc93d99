"""Weights that other trainers wrote, read without running what they pickled. One file a format."""
