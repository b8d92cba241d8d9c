"""What each exit code means and what to do about it, for the command reference (`commands.md`)."""

EXIT_CODES: tuple[tuple[int, str, str], ...] = (
    (0, "all rows succeeded, now or before", "nothing"),
    (
        1,
        "some row ended otherwise: failed, rejected, invalid and skipped, not sent, unknown",
        "open the results workbook, correct the rows that did not succeed, load that file",
    ),
    (
        2,
        "wrong usage or configuration, a URL that redirects, nothing to resume",
        "read the message; `xlsx2opeasy config show` tells where each setting comes from",
    ),
    (
        3,
        "the workbook is invalid, nothing was sent",
        "correct the cells that the message names, load again",
    ),
    (4, "authentication or permission", "check the API key and the account's rights, then `resume`"),
    (
        5,
        "the server could not be reached, kept failing or refused a call, or this machine's disk failed",
        "`xlsx2opeasy doctor`, then `xlsx2opeasy resume`",
    ),
    (
        6,
        "a load at this enterprise is running; this workbook is unfinished, done, undecided; or you said no",
        "do what the message says: wait, `resume`, `jobs abandon`, load the results workbook that it names",
    ),
    (
        7,
        "the workbook cannot be read or written",
        "close it in Excel, check the name, then load again; if a job began: `resume`",
    ),
    (8, "still running when `--wait` ended", "`xlsx2opeasy resume`"),
    (130, "interrupted: Ctrl-C, or the machine was shut down", "`xlsx2opeasy resume`"),
)
