"""The networks: blocks -> backbone -> neck -> head, put together in `zoo`."""
