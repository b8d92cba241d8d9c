"""Earlier jobs: listed, forgotten, undone, and what they mean for a new load."""
