"""`make bench`: measures the program against the libraries it stands on, on one machine in one run.

Everything is a ratio of medians. Each piece of work runs in a fresh process (`pieces`), which `measure`
starts and watches; `run` and `lines` say which ratio is due; `page` writes the table (JSON, Markdown) and the
plot.
"""
