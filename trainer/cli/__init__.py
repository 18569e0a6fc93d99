"""The command line: arguments in, one call, printed result, exit code. No logic.

One file a command, each with one function of its name; `program` lists them and loads the one that was asked
for. stdout is the result, stderr the talk.
"""

from trainer.cli.program import app, main

__all__ = ["app", "main"]
