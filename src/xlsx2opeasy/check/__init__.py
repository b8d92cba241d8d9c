"""The check: the Appendix made executable, on whole columns (pandera).

`checked.check_workbook` is the way in. `normal` brings values into the spelling that is sent, `commands`
holds rows against their command, `schema` and `rules` hold values against their own rules with pandera,
`across` (with `holders`) holds rows against each other; `telling` and `words` turn what was found into
problems at cells.
"""
