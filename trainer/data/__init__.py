"""From the hand-over folder to batches: `folder` reads it, `order` chooses, `cache` keeps what was decoded,
`augment` varies it, `loader` feeds it. `cutouts` reads what `curate cutouts` wrote."""
