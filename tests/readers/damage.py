"""Changes after which a workbook may say something else, or nothing; each says what it did, or ""."""

from collections.abc import Callable
from copy import deepcopy
from random import Random

from readers.markup import Markup, attributes, chosen, local, with_attributes
from readers.packages import Book, Entry
from readers.spellings import Change, pick

VALUES = (
    "", " ", "0", "1", "-1", "2", "7", "1.5", "007", "+3", "1e3", "1E+400", "NaN", "INF", "0x10", "true", "on",
    "4294967295", "4294967296", "2147483648", "99999999999999999999", "A1", "$A$1", "a1", "A01", "A0", "XFD1048576",
    "XFE1", "A1048577", "ZZZZZZ99999999", "A1:B2", "B2:A1", "A1:XFD1048576", "s", "str", "inlineStr", "b", "e", "n",
    "d", "x", "٣", "é", "&#0;", "&#xD800;", "&amp;", "&nbsp;", "_x0000_", "rId1", "rId2", "rId99", "../../x", "/",
    "2026-01-02", "2026-13-45T99:99", "#N/A", "#SPILL!", "Users", "CallRecording", "External", "xl/workbook.xml",
    "preserve", "visible", "veryHidden", "none", "\t1\n", "1 2", "a" * 300, "9" * 400,
)  # fmt: skip
_NAMESPACES = (
    "urn:q",
    "",
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
)
_RAW = (
    b"<", b">", b"&", b"\0", b"\x01", b"\xff", b"\xed\xa0\x80", b"\xef\xbf\xbf", b"]]>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"<c/>", b"</c>", b"</row>", b"<v>", b"<![CDATA[", b"<!--", b"<?", b"\r", b'"', b"'", b"<!-- -- -->", b"&#1;",
)  # fmt: skip
_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "cp037",
    "latin-1",
    "utf-8-sig",
    "shift_jis",
)
_TOLD = (
    "utf-8",
    "UTF-16",
    "utf-32",
    "iso-8859-1",
    "windows-1252",
    "ebcdic",
    "x-unknown",
    "idna",
    "rot13",
    "hex",
    "",
)


def _markup(book: Book, dice: Random, change: Callable[[Markup, list[int]], str], *names: str) -> str:
    """A part with some of its elements changed."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None or not (starts := markup.starts(*names)):
        return ""
    told = change(markup, starts)
    markup.into(entry)
    return f"{entry.name}: {told}"


def attribute(book: Book, dice: Random) -> str:
    """An attribute altered, dropped, given twice, renamed, or put in."""

    def change(markup: Markup, starts: list[int]) -> str:
        at = dice.choice(starts)
        found, deed = attributes(markup.tokens[at]), dice.randrange(6)
        name, value = dice.choice(found or [("r", "A1")])
        new = dice.choice(VALUES)
        if deed < 3:
            found = [(name, new) if each == (name, value) else each for each in found]
        elif deed == 3:
            found = [each for each in found if each[0] != name]
        elif deed == 4:
            found.insert(dice.randint(0, len(found)), (name, new))
        else:
            found.append(
                (dice.choice(("r", "t", "s", "hidden", "ht", "xml:space", "x:r", "xmlns", "R")), new)
            )
        markup.tokens[at] = with_attributes(markup.tokens[at], found)
        return markup.tokens[at]

    return _markup(book, dice, change)


def cell_attribute(book: Book, dice: Random) -> str:
    """As `attribute`, of cells and rows, with what is usual there."""

    def change(markup: Markup, starts: list[int]) -> str:
        at = dice.choice(starts)
        name = dice.choice(
            ("r", "r", "t", "t", "s") if local(markup.tokens[at]) == "c" else ("r", "r", "hidden", "ht")
        )
        found = [each for each in attributes(markup.tokens[at]) if each[0] != name]
        column = dice.choice(("A", "B", "C", "Z", "AA", "XFD", "XFE", "a", ""))
        row = dice.choice(("1", "2", "3", "20", "99999", "1048576", "1048577", "0", "02", "", "٣"))
        usual = {
            "r": column + row if local(markup.tokens[at]) == "c" else row,
            "hidden": dice.choice(("1", "true", "on", "0", "x")),
        }
        usual |= {
            "t": dice.choice(("s", "str", "inlineStr", "b", "e", "n", "d", "S", "x", "")),
            "ht": dice.choice(("0", "0.0", "-1", "x", ".", "1e-9")),
        }
        found.insert(
            0 if name == "r" and dice.random() < 0.8 else len(found),
            (name, usual.get(name, dice.choice(VALUES))),
        )
        markup.tokens[at] = with_attributes(markup.tokens[at], found)
        return markup.tokens[at]

    return _markup(book, dice, change, "c", "row")


def element(book: Book, dice: Random) -> str:
    """An element dropped, doubled, moved, renamed, put into itself or under another one."""

    def change(markup: Markup, starts: list[int]) -> str:
        at = dice.choice(starts)
        end = markup.end(at)
        tokens, tag = markup.tokens[at:end], markup.tokens[at]
        deed = dice.choice(("dropped", "doubled", "moved", "renamed", "nested", "unwrapped"))
        if deed == "renamed":
            new = local(markup.tokens[dice.choice(starts)])
            for place in (at, end - 1):
                markup.tokens[place] = markup.tokens[place].replace(local(tag), new, 1)
        elif deed == "nested" and not tag.endswith("/>"):
            markup.tokens[at + 1 : at + 1] = tokens
        elif deed == "unwrapped":
            markup.tokens[at:end] = tokens[1:-1]
        elif deed == "doubled":
            markup.tokens[end:end] = tokens
        else:
            markup.tokens[at:end] = []
            if deed == "moved" and markup.tokens:
                place = dice.randint(1, len(markup.tokens))
                markup.tokens[place:place] = tokens
        return f"{deed} {tag}"

    return _markup(book, dice, change)


def cell_content(book: Book, dice: Random) -> str:
    """What is in a cell: values, formulas and texts in every number and order."""

    def change(markup: Markup, starts: list[int]) -> str:
        at = dice.choice(starts)
        value = dice.choice(VALUES)
        pieces = (
            f"<v>{value}</v>", "<v/>", "<v></v>", "<f>A1+1</f>", "<f/>", '<f t="shared" si="0"/>', "<f>TRUE()</f>",
            f"<is><t>{value}</t></is>", f'<is><t xml:space="preserve"> {value} </t></is>', "<is/>", f"<v> {value}\n</v>",
            f"<is><r><t>{value}</t></r><r><t/></r></is>", "<is><t>a</t><t>b</t></is>", "<extLst/>", "<v>1<b/>2</v>", "x",
        )  # fmt: skip
        tag = markup.tokens[at].removesuffix("/>").removesuffix(">").rstrip()
        inside = "".join(dice.choice(pieces) for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 3))))
        markup.tokens[at : markup.end(at)] = [f"{tag}>{inside}</c>"]
        return f"{tag}>{inside}"

    return _markup(book, dice, change, "c")


def shared_item(book: Book, dice: Random) -> str:
    """What is in a shared text, or in its table."""
    shared = book.ending("haredStrings.xml")
    if not shared or (markup := Markup.of(shared[0])) is None or not (starts := markup.starts("si")):
        return ""
    value, at = dice.choice(VALUES), dice.choice(starts)
    inside = dice.choice(
        (
            "",
            "<t/>",
            f"<t>{value}</t>",
            f"<t> {value} </t>",
            f'<t xml:space="preserve"> {value} </t>',
            "<r/>",
            f"<r><t>{value}</t></r>",
            "<t>a</t><t>b</t>",
            "<r><t>a</t></r><t>b</t>",
            "<t>a</t><r><t>b</t></r>",
            '<t>a</t><rPh sb="0" eb="1"><t>b</t></rPh>',
            "<t>a<t>b</t></t>",
            "<si><t>b</t></si>",
            "text",
            "<t>_x000D_\r\n</t>",
            f'<t xml:space="default"> {value}</t>',
            '<r><t xml:space="preserve"> a</t></r><r><t> b </t></r>',
            "<x><t>c</t></x>",
        )
    )
    markup.tokens[at : markup.end(at)] = dice.choice(
        (f"<si>{inside}</si>", f"<si>{inside}</si><si/>", f"<si a='1'>{inside}</si>")
    )
    markup.into(shared[0])
    return inside


def text(book: Book, dice: Random) -> str:
    def change(markup: Markup, _: list[int]) -> str:
        for at in chosen(dice, markup.texts(), 1):
            markup.tokens[at] = dice.choice(VALUES)
            return markup.tokens[at - 1] + markup.tokens[at]
        return ""

    return _markup(book, dice, change)


def far_away(book: Book, dice: Random) -> str:
    """Rows and cells at the ends of the grid, far apart, very many, or very long."""
    value = dice.choice(VALUES)
    deed = dice.randrange(6)
    rows = {
        0: f'<row r="1048576"><c r="XFD1048576"><v>{value}</v></c></row>',
        1: "".join(
            f'<row r="{at}"><c r="XFD{at}" t="str"><v>x</v></c></row>' for at in range(900, 1048576, 50_000)
        ),
        2: '<row r="1000">'
        + "".join(f'<c r="A1000" t="str"><v>{at}</v></c>' for at in range(300))
        + "</row>",
        3: "".join(f'<row r="{at}"/>' for at in range(1000, 5000)),
        4: f'<row r="1000"><c r="A1000" t="inlineStr"><is><t>{"long " * 20_000}</t></is></c></row>',
        5: '<row r="1000">' + "".join(f'<c t="n"><v>{at}</v></c>' for at in range(17_000)) + "</row>",
    }[deed]

    def change(markup: Markup, starts: list[int]) -> str:
        at = starts[0]
        if markup.tokens[at].endswith("/>"):
            return ""
        markup.tokens.insert(markup.end(at) - 1, rows)
        return rows[:80]

    return _markup(book, dice, change, "sheetData")


def nested(book: Book, dice: Random) -> str:
    depth, name = dice.choice((50, 99, 101, 3000)), dice.choice(("a", "c", "row", "si", "r", "sheetData"))

    def change(markup: Markup, starts: list[int]) -> str:
        at = dice.choice(starts)
        markup.tokens.insert(at, f"<{name}>" * depth + f"</{name}>" * depth)
        return f"{depth} {name}"

    return _markup(book, dice, change)


def namespace(book: Book, dice: Random) -> str:
    def change(markup: Markup, starts: list[int]) -> str:
        at = dice.choice(starts)
        name = dice.choice(("xmlns", "xmlns", "xmlns:r", "xmlns:q"))
        found = [each for each in attributes(markup.tokens[at]) if each[0] != name]
        markup.tokens[at] = with_attributes(markup.tokens[at], [*found, (name, dice.choice(_NAMESPACES))])
        return markup.tokens[at]

    return _markup(book, dice, change)


def markup_tokens(book: Book, dice: Random) -> str:
    """A tag, an end tag or a text dropped or doubled, whatever that does to the XML."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None or len(markup.tokens) < 2:
        return ""
    at = dice.randrange(len(markup.tokens))
    token = markup.tokens[at]
    markup.tokens[at : at + 1] = [] if dice.random() < 0.5 else [token, token]
    markup.into(entry)
    return f"{entry.name}: {token[:60]}"


def raw_bytes(book: Book, dice: Random) -> str:
    entry = pick(book, dice)
    at, piece = dice.randint(0, len(entry.content)), dice.choice(_RAW)
    if dice.random() < 0.2:
        entry.content = entry.content[:at]
        return f"{entry.name} cut at {at}"
    entry.content = entry.content[:at] + piece + entry.content[at + dice.choice((0, 0, 1)) :]
    return f"{entry.name}: {piece!r} at {at}"


def other_encoding(book: Book, dice: Random) -> str:
    """An encoding that is not the one which is declared."""
    entry = pick(book, dice)
    if Markup.of(entry) is None:
        return ""
    name, told = dice.choice(_ENCODINGS), dice.choice(_TOLD)
    body = entry.content.decode().partition("?>")[2] or entry.content.decode()
    head = f'<?xml version="{dice.choice(("1.0", "1.1", "9"))}" encoding="{told}"?>'
    entry.content = (head + body).encode(name, "xmlcharrefreplace")
    return f"{entry.name} {name} as {told!r}"


def part(book: Book, dice: Random) -> str:
    """A part dropped, doubled, renamed, emptied, or given the content of another one."""
    entry, other = pick(book, dice), dice.choice(book.entries)
    deed = dice.choice(("dropped", "doubled", "renamed", "emptied", "as another", "in another case"))
    if deed == "dropped":
        book.entries.remove(entry)
    elif deed == "doubled":
        book.entries.insert(dice.randint(0, len(book.entries)), deepcopy(entry))
    elif deed == "renamed":
        entry.name = dice.choice(
            (
                f"{entry.name}x",
                f"/{entry.name}",
                f"../{entry.name}",
                entry.name.replace("/", "\\"),
                "x",
                other.name,
                f"{entry.name}/",
            )
        )
    elif deed == "in another case":
        entry.name = entry.name.swapcase()
    else:
        entry.content = b"" if deed == "emptied" else other.content
    return f"{entry.name} {deed}"


def lies(book: Book, dice: Random) -> str:
    """The directory says something else than the entries."""
    entry = pick(book, dice)
    field = dice.choice(("crc", "size", "packed", "offset"))
    entry.lies[field] = dice.choice((1, -1, 30, -30, 1000, 10**6, 2**31, 2**32 - 10))
    return f"{entry.name} {entry.lies}"


def archive(book: Book, dice: Random) -> str:
    deed = dice.randrange(4)
    if deed == 0:
        book.cut = dice.choice((1, 10, 22, 100, 1000))
    elif deed == 1:
        book.before = dice.choice((b"x", b"PK\x03\x04", b"MZ" + b"\0" * 500))
    elif deed == 2:
        book.entries += [Entry(f"extra{at}.xml", b"<a/>") for at in range(2001)]
    else:
        book.entries.append(Entry("xl/bomb.xml", b"<a>" + b" " * 3_000_000 + b"</a>", level=9))
    return f"{deed}"


def relation(book: Book, dice: Random) -> str:
    """A relationship or a content type that leads elsewhere."""
    entries = book.ending(".rels", "[Content_Types].xml", "workbook.xml")
    entry = dice.choice(entries) if entries else None
    markup = entry and Markup.of(entry)
    if (
        not entry
        or not markup
        or not (starts := markup.starts("Relationship", "Override", "Default", "sheet"))
    ):
        return ""
    at, other = dice.choice(starts), dice.choice(starts)
    found = attributes(markup.tokens[at])
    name, value = dice.choice(found or [("Id", "")])
    same = dict(attributes(markup.tokens[other])).get(name, "")
    new = dice.choice(
        (same, same, value.swapcase(), value + "x", value.replace("/", "\\"), dice.choice(VALUES))
    )
    markup.tokens[at] = with_attributes(
        markup.tokens[at], [(each, new if each == name else old) for each, old in found]
    )
    markup.into(entry)
    return f"{entry.name}: {markup.tokens[at]}"


DAMAGE: tuple[Change, ...] = (
    attribute, attribute, cell_attribute, cell_attribute, cell_attribute, element, element, cell_content, cell_content,
    cell_content, shared_item, shared_item, text, far_away, nested, namespace, markup_tokens, raw_bytes, other_encoding,
    part, lies, archive, relation, relation,
)  # fmt: skip
