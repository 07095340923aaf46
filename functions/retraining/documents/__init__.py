"""The documents that travel between a run's states, its job and the people who read them."""
