"""A small drawn data set: hands that hold cigarettes, pens and chopsticks, with planted label defects."""
