"""A simulated OpEasy. It imports the catalogue alone, so that it stays an independent judge."""
