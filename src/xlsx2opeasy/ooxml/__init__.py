"""The parts of an .xlsx package: read behind a guard, and copied with few of them changed."""
