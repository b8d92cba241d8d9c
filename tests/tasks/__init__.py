"""Tests of tasks: from rows, and back to rows."""
