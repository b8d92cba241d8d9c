"""A stranger's OpEasy server, for acceptance tests: written from the specification alone.

Python's standard library only, and nothing of the project is imported: what the program and its own sandbox
both got wrong, this server does not forgive.
"""
