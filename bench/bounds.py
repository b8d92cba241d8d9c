"""What bounds the figures that are not reached, in plain words, for the page."""

BOUNDS = """\
## What bounds what is not reached

**The machine is shared**, and does the same work in 0.56 s or in 0.86 s from one minute to the next; within
one day the same program was measured at 1.25 x to 1.67 x for read + check + convert, and at 47 x to 71 x
for writing results against openpyxl. What is compared is therefore measured in turn, but for what takes
minutes. Half of a conversion is the reading process, which inflates the sheet, finds the tags of each
megabyte of XML with numpy, and starts (0.3 s, the same for any workbook). What openpyxl needs depends on
the number of distinct texts: with these workbooks it needs little more than half of the time for which 50 x
was set.

**Uploading.** What is compared is a loop that sends the same bytes to a server that does nothing with them:
one to three thousandths of a second for a chunk on a quiet machine (where others work on it, both sides
wait). A load asks the disk twice for each chunk: that it will be sent must be on the disk before it leaves,
and what became of it before anything follows, or a power failure could make a row be loaded twice. Each of
these waits takes as long on the disk of this machine as the chunk itself takes over loopback, and little
against one upload over a real network with a server that stores it. The processor's time goes into the
file's SHA-256, the connection that each call has for itself (so that no stale connection makes an upload's
fate unknown), writing in pieces within the deadline of the whole call, and the server's counts, which are
read and compared after each chunk.

**A whole load** does more than the parts above: before a start it downloads the draft and compares every
task with what was sent, afterwards it downloads the results, masks the secrets in them, brings each to its
row, and keeps what `undo` needs. So every task is read five times as JSON (sent, held by the server, its
result as it comes, as it is kept, and for `undo`), and JSON that came from a server is read strictly (no key
twice, no NaN), which takes Python's parser 1.4 x its usual time.

**`--help`** is click's own import: `python -c "import click"` alone takes about 4 x `python -c pass`,
because click imports `inspect`, `typing`, `datetime` and `uuid`. Nothing of this program but its list of
commands is imported.
"""
