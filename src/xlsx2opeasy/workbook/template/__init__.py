"""Blank workbooks to fill in, made from the catalogue alone; `write.py` gives them to `cli/template.py`."""
