"""Networks in ONNX files that others made: what a file says of itself (`header`), and how to run it (`run`).

`protobuf` reads the bytes; the onnx package is not needed. Nothing is downloaded and nothing is sent.
"""
