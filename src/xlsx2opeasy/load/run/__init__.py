"""One operation at the server: its draft built and verified, scheduled once, followed to its results."""
