"""The simulated OpEasy, held against the specification's pages over real sockets."""
