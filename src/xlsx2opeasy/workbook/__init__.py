"""Workbooks: reading them faithfully, and writing results into them without harm."""
