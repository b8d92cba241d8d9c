"""Writes what was measured: `docs/benchmark.json`, `docs/benchmark.md` and the plot `docs/benchmark.png`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.bounds import BOUNDS
from bench.lines import Line, Missing

_HEAD = "| measured | against | due | reached | ours | the other |\n|---|---|---|---|---|---|\n"

_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def write_pages(
    folder: Path, lines: Sequence[Line], missing: Sequence[Missing], about: Mapping[str, Any]
) -> None:
    """Writes the three files into `folder`."""
    document = {
        **about,
        "lines": [line.as_json() for line in lines],
        "missing": {each.group: each.reason for each in missing},
    }
    (folder / "benchmark.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (folder / "benchmark.md").write_text(_page(lines, missing, about), encoding="utf-8")
    if lines:
        _plot(folder / "benchmark.png", lines)


def _page(lines: Sequence[Line], missing: Sequence[Missing], about: Mapping[str, Any]) -> str:
    machine = about["machine"]
    not_measured = "".join(f"Not measured: {each.group} ({each.reason}).\n\n" for each in missing)
    return (
        "# How fast it is\n\n"
        f"Made by `make bench` on {about['date']}: {machine['cores']} cores, {machine['system']},"
        f" Python {machine['python']}, load of the machine {machine['load']} at the start; while it was"
        f" measured, others had {machine['others']:.0%} of its processors."
        f" Medians of so many runs: {about['runs']} (of a start {about['start_runs']}; one, where a run takes"
        " minutes), and what is compared runs in turn. Seconds are of the processor, with child processes,"
        " unless the line says wall. A figure in **bold** is not yet what is due.\n\n"
        f"{_HEAD}{''.join(map(_row, lines))}\n"
        f"{not_measured}"
        "![Reached against due: a bar up to 1 is what is due, or better](benchmark.png)\n"
        f"{_bounds([line for line in lines if not line.is_met])}"
    )


def _row(line: Line) -> str:
    reached = line.reached_in_words if line.is_met else f"**{line.reached_in_words}**"
    mine = f"{line.mine:,.2f} {line.unit}"
    other = "-" if line.is_absolute else f"{line.other:,.2f} {line.unit}"
    note = f" ({line.note})" if line.note else ""
    cells = (line.measured + note, line.against or "-", line.due_in_words, reached, mine, other)
    return f"| {' | '.join(cells)} |\n"


def _bounds(unmet: Sequence[Line]) -> str:
    """Of each line that is not reached, what was measured of its floors, and what bounds it."""
    if not unmet:
        return ""
    return "\n## What bounds what is not reached\n\n" + "\n".join(map(_bound, unmet))


def _bound(line: Line) -> str:
    against = f", against {line.against}" if line.against else ""
    reached = f"{line.reached_in_words}, where {line.due_in_words} is due"
    measured = "".join(f"- {line.floor_in_words(floor)}\n" for floor in line.floors)
    floors = f"Measured in the same run:\n\n{measured}\n" if measured else ""
    words = f"{BOUNDS[line.name]}\n" if line.name in BOUNDS else ""
    return f"**{line.measured}**{against}: {reached}. {floors}{words}"


def _plot(path: Path, lines: Sequence[Line]) -> None:
    """Each line as a bar: 1 is what is due, less is better."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.use("Agg")
    shown = lines[::-1]
    shares = [_share(line) for line in shown]
    figure, axes = plt.subplots(figsize=(10, 0.42 * len(shown) + 1.2), dpi=110)
    colours = ["#2a7f62" if line.is_met else "#c8553d" for line in shown]
    axes.barh([line.name for line in shown], shares, color=colours)
    for place, (line, share) in enumerate(zip(shown, shares, strict=True)):
        words = f"{line.reached_in_words} (due {line.due_in_words})"
        axes.text(max(share, 1.0) * 1.06, place, words, va="center")
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(min(*shares, 1.0) / 1.5, max(*shares, 1.0) * 8)
    ticks = [tick for tick in _TICKS if min(shares) / 1.5 < tick < max(*shares, 1.0) * 2]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("reached / due: 1 is what is due, less is better")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _share(line: Line) -> float:
    return line.due / line.reached if line.faster else line.reached / line.due
