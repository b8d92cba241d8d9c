"""The load, held to the promise: every row at most once, and its result back in its row."""
