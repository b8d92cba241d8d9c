"""A job on this machine: where it is kept, its facts, its journal, and the state that follows from them."""
