"""A simulated OpEasy: the specification as a server. It imports the catalogue alone: an independent judge.

`serve` runs it (`load --sandbox`, the `sandbox` command, the tests) with what `settings` chooses. A request
goes through `gate` (faults, limits, the record in `truth`) to a handler in `sessions`, `operations` or
`scheduled`, one for each endpoint of the catalogue (`app`). `judge` validates uploaded tasks, `store` keeps
them, and `backend` has `commands` carry them out on a simulated `enterprise`, which begins with a `state`.
"""
