"""Blank workbooks to fill in, made from the catalogue alone; `file.py` writes them."""
