"""The networks: a backbone, a neck and a head, each chosen by name and put together by `network`."""
