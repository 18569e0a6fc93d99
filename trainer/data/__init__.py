"""From the hand-over folder to batches: `folder` reads it, `augment` varies it, `loader` feeds it."""
