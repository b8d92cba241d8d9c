"""The calc chain without the formulas that results replaced; else Excel calls the file damaged.

ECMA-376 part 1, 18.6.
"""

from collections.abc import Mapping

from xlsx2opeasy.ooxml.package_copy import PackageEdits
from xlsx2opeasy.ooxml.xml import parsed, spliced, with_attribute


def drop_from_calc_chain(edits: PackageEdits, gone: Mapping[str, frozenset[str]]) -> None:
    """Takes replaced formulas, by sheet id, out of the calc chain; one that is left empty goes."""
    part = edits.related("calcChain")
    if part is None or not any(gone.values()):
        return
    chain = without_formulas(edits.text(part), part, gone)
    if chain is None:
        edits.remove(part, "calcChain")
    else:
        edits.set(part, chain)


def without_formulas(chain: bytes, part: str, gone: Mapping[str, frozenset[str]]) -> bytes | None:
    """The calc chain without the cells `gone`, by sheet id; None where nothing is left of it.

    An entry without `i` is on the sheet of the entry before, so that it gets its own where that one goes.
    """
    root = parsed(chain, part)
    edits: list[tuple[int, int, bytes]] = []
    sheet, told, left = "0", "0", 0
    for entry in root.all("c"):
        sheet = entry.attributes.get("i", sheet)
        if entry.attributes.get("r", "") in gone.get(sheet, frozenset()):
            edits.append((entry.start, entry.end, b""))
            continue
        left += 1
        if "i" not in entry.attributes and told != sheet:
            tag = with_attribute(chain[entry.start : entry.inside], "i", sheet)
            edits.append((entry.start, entry.inside, tag))
        told = sheet
    return spliced(chain, edits) if left else None
