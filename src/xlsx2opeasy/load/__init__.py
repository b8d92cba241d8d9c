"""Plan, run, resume: the state machine of a load, its journal, and the way of results back to their rows."""
