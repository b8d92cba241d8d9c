"""`make bench`: measures the program against the libraries it stands on, on one machine in one run.

Everything is a ratio of medians. Each piece of work runs in a fresh process (`pieces`), which `measure`
starts and watches; `starts`, `conversion` and `loads` say which ratio is due; `run` puts them together;
`page` writes the table (JSON, Markdown) and the plot, after each group of lines.
"""
