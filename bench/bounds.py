"""What bounds the figures that are not reached, in plain words, for the page."""

BOUNDS = """\
## What bounds them

(none yet)
"""
