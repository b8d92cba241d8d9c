"""Rows become tasks, tasks become chunk files."""
