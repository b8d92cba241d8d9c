"""Rows become tasks, tasks become chunk files.

`build` nests a checked sheet's rows into the tasks of Appendix I-V, `chunks` cuts tasks into `.json` files
and describes them in a manifest, `identity` says when two tasks, or two workbooks, are the same.
"""
