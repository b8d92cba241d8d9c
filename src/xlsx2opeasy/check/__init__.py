"""The check: the Appendix made executable, on whole columns (pandera)."""
