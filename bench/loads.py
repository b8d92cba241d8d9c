"""Lines about whole loads, against a server in a process of its own, which takes what it gets."""

import shutil

from bench.context import Context
from bench.lines import Floor, Line, limit
from bench.measure import Figures, measure_commands, serving
from bench.server import API_KEY, ENTERPRISE
from bench.starts import COMMAND

_STEPS = {
    "prepare": "read, check and plan",
    "freeze": "freeze on disk",
    "draft": "upload and verify",
    "run": "run and fetch results",
    "results": "match and write results",
}


def upload(context: Context) -> list[Line]:
    """The upload of a load against a bare loop, and the load against the sum of its parts."""
    converted = context.converted  # also makes the chunk files
    bare, fresh, loads = [], [], []
    with serving() as url:
        for _ in range(context.sizes.runs):
            loads.append(context.load(context.book, url))
            bare.append(context.measure("post", context.chunks, url, runs=1))
            fresh.append(context.measure("post", context.chunks, url, "close", runs=1))
    ours = sorted(loads, key=lambda each: float(each.said["steps"]["upload"][0]))[len(loads) // 2]
    steps, other, close = ours.said["steps"], Figures.of(bare), Figures.of(fresh)
    waits = steps["chunks"]
    synced, digested = context.measure_in_turn(("syncs", context.scratch, waits), ("digests", context.chunks))
    what, against = f"uploading {steps['chunks']} chunks over loopback", "httpx in a bare loop"
    wall_floors = (
        Floor("the bare loop with a connection for each request", close.wall),
        Floor(f"{waits} waits for the disk, one for each chunk", synced.wall),
        Floor("SHA-256 of the chunk files", digested.wall),
    )
    floors = (
        Floor("the bare loop with a connection for each request", close.cpu),
        Floor(f"{waits} waits for the disk, one for each chunk", synced.cpu),
        Floor("SHA-256 of the chunk files", digested.cpu),
    )
    whole = Figures.of(loads)
    parts = converted.cpu + steps["upload"][1] + context.writings[0].cpu
    return [
        Line(
            "upload : httpx",
            f"{what}, wall",
            f"{against}, wall",
            1.15,
            steps["upload"][0],
            other.wall,
            "s",
            floors=wall_floors,
        ),
        Line(
            "upload : httpx, processor",
            what,
            against,
            1.15,
            steps["upload"][1],
            other.cpu,
            "s",
            floors=floors,
        ),
        Line(
            "load : sum of parts",
            f"a whole load of {context.sizes.middle:,} x 40",
            "sum of the parts above",
            1.1,
            whole.cpu,
            parts,
            "s",
            note=_note(whole),
        ),
    ]


def modify_load(context: Context) -> list[Line]:
    """A whole load of ModifyUser rows of 20 columns against calamine's raw read of its workbook."""
    book = context.workbook("modify", context.sizes.middle, modify=True)
    chunks = context.scratch / "modify-chunks"
    raws, loads = [], []
    with serving() as url:
        for _ in range(context.sizes.runs):
            raws.append(context.measure("raw_read", book, runs=1))
            loads.append(context.load(book, url))
    converted = context.measure("convert", book, chunks, runs=1)
    parsed, digested, written = context.measure_in_turn(
        ("parse", chunks),
        ("digests", chunks),
        ("write_results", book, context.sizes.middle, context.scratch / "modify.results.xlsx"),
    )
    ours, raw = Figures.of(loads), Figures.of(raws)
    what = f"a whole load of {context.sizes.middle:,} ModifyUser rows of 20 columns"
    return [
        Line(
            "modify load : raw read",
            what,
            "calamine's raw read of its workbook",
            4,
            ours.cpu,
            raw.cpu,
            "s",
            note=_note(ours),
            floors=(
                Floor("reading, checking and converting its workbook", converted.cpu),
                Floor("reading all its tasks as JSON once, by orjson", parsed.cpu),
                Floor("SHA-256 of all its tasks once", digested.cpu),
                Floor("writing its results into the workbook", written.cpu),
            ),
        ),
        limit("modify load memory", "peak memory of it", 800, ours.peak, "MiB"),
    ]


def million_load(context: Context) -> list[Line]:
    """The memory of a whole load of the largest workbook with 20 columns."""
    rows = context.sizes.large
    book = context.workbook("large-modify", rows, modify=True)
    with serving() as url:
        ours = context.load(book, url)
    book.unlink()
    what = f"a whole load of {rows:,} ModifyUser rows of 20 columns, peak memory"
    return [limit("million load memory", what, 4096, ours.peak, "MiB")]


def narrow_load(context: Context) -> list[Line]:
    """The command `load` of a narrow workbook against openpyxl, of the wall."""
    rows = context.sizes.narrow
    book = context.workbook("narrow", rows, narrow=True)
    home = context.scratch / "narrow-home"
    loads, copies = [], []
    with serving() as url:
        env = {
            "XLSX2OPEASY_HOME": str(home),
            "OPEASY_URL": url,
            "OPEASY_ENTERPRISE_ID": ENTERPRISE,
            "OPEASY_API_KEY": API_KEY,
        }
        for _ in range(context.sizes.runs):
            copies.append(context.measure("openpyxl_copy", book, context.scratch / "copy.xlsx", runs=1))
            loads += measure_commands([COMMAND, "load", str(book), "--yes", "--quiet"], runs=1, env=env)
            shutil.rmtree(home)
    ours, openpyxl = Figures.of(loads), Figures.of(copies)
    what = f"a whole load of {rows:,} x 4, the command from its start, wall"
    return [
        Line("narrow load : openpyxl", what, "openpyxl load + save, wall", 2.5, ours.wall, openpyxl.wall, "s")
    ]


def _note(load: Figures) -> str:
    """Where the processor's time of a whole load goes."""
    steps = load.said["steps"]
    return "; ".join(f"{text} {steps[name][1]:.1f} s" for name, text in _STEPS.items())
