"""What bounds each line that is not reached, beyond the floors that are measured with it; by its name.

No figure is here: those of the page are measured in the run that makes it.
"""

from collections.abc import Mapping

BOUNDS: Mapping[str, str] = {
    "check : pandas": (
        "The check stands on pandas and Arrow. The reading process, which keeps a hostile workbook away from"
        " this one, imports numpy and Arrow on the second core and has read the workbook before pandas is"
        " there; pandera is imported where a value breaks a rule."
    ),
    "rehearsal : pandas": (
        "A rehearsal does all that a check does, and besides starts a server (Starlette, uvicorn), speaks to"
        " it over loopback (httpx), and waits for the disk at each intent and outcome, as a load does."
    ),
    "--help : python": (
        "Nothing of this program but its list of commands is imported: what is above the floor is click's"
        " import, for it imports `inspect`, `typing`, `datetime` and `uuid`."
    ),
    "convert : raw read": (
        "calamine gives the cells and looks at nothing else. Here each cell's type, style, formula, stored"
        " text and place are looked at as well, every rule is applied, and the tasks are written as JSON."
    ),
    "convert : raw read, wall": (
        "The reading process scans two pieces of the sheet at a time; the check begins when the sheet is"
        " whole, for its rules are about whole columns."
    ),
    "convert memory": (
        "The shared texts, the columns made of them and the tasks are in memory at the same time."
    ),
    "results : openpyxl": (
        "What openpyxl needs depends on the number of distinct texts, what this needs on the bytes of the"
        " sheet: inflating it and deflating it again is the floor."
    ),
    "results memory": (
        "The rows' ends are found with numpy, which takes what the floor says; a load has it in memory,"
        " and the results, too."
    ),
    "upload : httpx": (
        "A bare loop keeps one connection open and asks the disk for nothing. A load waits for the disk once"
        " for each chunk: that it will be sent, and what became of the one before, is there before it leaves,"
        " else a power failure could make a row be loaded twice. Each call has its own connection, so that"
        " no stale connection makes an upload's fate unknown, and the file's digest is compared before."
    ),
    "load : sum of parts": (
        "A load does more than the parts: before a start it downloads the draft and compares every task with"
        " what was sent; afterwards it downloads the results, masks the secrets in them, brings each to its"
        " row, and keeps what `undo` needs."
    ),
    "modify load : raw read": (
        "The floors are parts of the load, not beside it. Each task is sent once and comes back twice, as"
        " draft and as result; what came from a server is read strictly (no key twice, no NaN), unless it is"
        " what was sent to the letter, and both are compared with what was sent."
    ),
    "million check memory": (
        "The check's rules are about whole columns (a user that is added twice, a number that two rows hold),"
        " so all rows are held as Arrow's texts."
    ),
    "million load memory": (
        "The workbook is checked as a whole; after that what grows with the rows are the rows themselves, a"
        " list of the server as it came, and what became of each row."
    ),
}
