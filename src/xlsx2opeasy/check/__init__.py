"""The check: the Appendix made executable, on whole columns (pandera).

`check_workbook` is the way in. `normal` brings values into the spelling that is sent, `schema` builds the
pandera schemas from the catalogue and translates what they find, `commands` holds rows against their command,
`across` holds rows against each other.
"""
