"""Other spellings of the same workbook, which every reader must read as before; each says what it did, or ""."""

import html
import re
from collections.abc import Callable
from random import Random
from xml.sax.saxutils import escape

from readers.markup import Markup, attributes, chosen, local, with_attributes
from readers.packages import Book, Entry

Change = Callable[[Book, Random], str]

_STRICT = "http://purl.oclc.org/ooxml/"
_NAMESPACES = (
    (b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", f"{_STRICT}spreadsheetml/main".encode()),
    (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        f"{_STRICT}officeDocument/relationships".encode(),
    ),
)
_SPACE = ("\n", "\r\n", " ", "\t\n  ")
_BETWEEN = ("<!-- <c r='A9'> & -->", "<?pi <v>?>", "<!---->", "<?x?>")
_FOREIGN = ('<q:z xmlns:q="urn:q" r="A1">x</q:z>', '<z xmlns="urn:q"><y>x</y></z>', '<q:d xmlns:q="urn:q"/>')
_HINTS = {"row": ("spans",), "sst": ("count", "uniqueCount"), "cellXfs": ("count",), "mergeCells": ("count",)}
_LIES = ("0", "1", "4294967295", "-1", "x", "", "1.5", "99999999999999999999")


def pick(book: Book, dice: Random) -> Entry:
    """A part that is read: mostly a worksheet, often the shared texts, at times any other."""
    sheets = [each for each in book.entries if "worksheets/" in each.name and "_rels" not in each.name]
    shared = book.ending("haredStrings.xml")
    others = book.ending("workbook.xml", "workbook.xml.rels", "styles.xml", "[Content_Types].xml", ".rels")
    kinds = [sheets] * 6 + [shared] * 2 + [others] * 3 + [book.entries]
    return dice.choice(dice.choice([each for each in kinds if each]))


def _on_tags(book: Book, dice: Random, change: Callable[[str], str]) -> str:
    """Some start tags of a part, changed."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for at in chosen(dice, markup.starts()):
        markup.tokens[at] = change(markup.tokens[at])
    markup.into(entry)
    return entry.name


def attributes_in_another_order(book: Book, dice: Random) -> str:
    def change(tag: str) -> str:
        found = attributes(tag)
        dice.shuffle(found)
        return with_attributes(tag, found)

    return _on_tags(book, dice, change)


def single_quotes(book: Book, dice: Random) -> str:
    def change(tag: str) -> str:
        return tag if "'" in tag else with_attributes(tag, attributes(tag), "'")

    return _on_tags(book, dice, change)


def space_in_tags(book: Book, dice: Random) -> str:
    def change(tag: str) -> str:
        end = "/>" if tag.endswith("/>") else ">"
        return tag.removesuffix(end).replace(" ", dice.choice(_SPACE) + " ") + dice.choice(_SPACE) + end

    return _on_tags(book, dice, change)


def references_in_attributes(book: Book, dice: Random) -> str:
    def change(tag: str) -> str:
        found = attributes(tag)
        plain = [
            at for at, (name, value) in enumerate(found) if value and "&" not in value and "xmlns" not in name
        ]
        for at in chosen(dice, plain, 1):
            name, value = found[at]
            form = dice.choice(("&#{};", "&#x{:x};"))
            found[at] = (name, form.format(ord(value[0])) + value[1:])
        return with_attributes(tag, found)

    return _on_tags(book, dice, change)


def unknown_attributes(book: Book, dice: Random) -> str:
    def change(tag: str) -> str:
        found = [*attributes(tag), (f"zz{dice.randrange(9)}", dice.choice(("1", "a > b", " r=", "x" * 40)))]
        return with_attributes(tag, found)

    return _on_tags(book, dice, change)


def tags_opened_or_closed(book: Book, dice: Random) -> str:
    """`<a/>` as `<a></a>` and the other way round."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for at in sorted(chosen(dice, markup.starts()), reverse=True):
        tag = markup.tokens[at]
        if tag.endswith("/>"):
            name = re.split(r"[\s/>]", tag[1:])[0]
            markup.tokens[at : at + 1] = [tag.removesuffix("/>").rstrip() + ">", f"</{name}>"]
        elif markup.tokens[at + 1][:2] == "</":
            markup.tokens[at : at + 2] = [tag.removesuffix(">") + "/>"]
    markup.into(entry)
    return entry.name


def _on_texts(book: Book, dice: Random, change: Callable[[str], str]) -> str:
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for at in chosen(dice, markup.texts()):
        markup.tokens[at] = change(markup.tokens[at])
    markup.into(entry)
    return entry.name


def cdata(book: Book, dice: Random) -> str:
    def change(text: str) -> str:
        plain = html.unescape(text)
        at = dice.randint(0, len(plain))
        return text if "]]>" in plain or "&#" in text else f"{escape(plain[:at])}<![CDATA[{plain[at:]}]]>"

    return _on_texts(book, dice, change)


def references_in_texts(book: Book, dice: Random) -> str:
    def change(text: str) -> str:
        plain = [
            at for at, each in enumerate(text) if each.isalnum() and "&" not in text[max(at - 12, 0) : at + 1]
        ]
        for at in chosen(dice, plain, 1)[:1]:
            form = dice.choice(("&#{};", "&#x{:x};", "&#x{:X};", "&#0000{};", "&#x00{:x};"))
            return text[:at] + form.format(ord(text[at])) + text[at + 1 :]
        return text

    return _on_texts(book, dice, change)


def comments_in_texts(book: Book, dice: Random) -> str:
    def change(text: str) -> str:
        at = dice.randint(0, len(text))
        return text if "&" in text else text[:at] + dice.choice(_BETWEEN) + text[at:]

    return _on_texts(book, dice, change)


def _between(book: Book, dice: Random, pieces: tuple[str, ...]) -> str:
    """Puts pieces between tags that no text stands between."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    tokens = markup.tokens
    places = [
        at
        for at in range(1, len(tokens))
        if tokens[at][0] == "<" == tokens[at - 1][0]
        and tokens[at - 1][:2] not in ("<!", "<?")
        and not (
            tokens[at - 1][1:2].isalpha() and tokens[at][:2] == "</" and local(tokens[at]) in ("v", "t", "f")
        )
    ]
    for at in sorted(chosen(dice, places), reverse=True):
        tokens.insert(at, dice.choice(pieces))
    markup.into(entry)
    return entry.name


def comments(book: Book, dice: Random) -> str:
    return _between(book, dice, _BETWEEN)


def space_between_tags(book: Book, dice: Random) -> str:
    return _between(book, dice, _SPACE)


def foreign_elements(book: Book, dice: Random) -> str:
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None or "worksheet" not in entry.name:
        return ""
    places = [
        at + 1
        for at in markup.starts("row", "sheetData", "cols", "c", "is", "si")
        if markup.tokens[at][-2] != "/"
    ]
    for at in sorted(chosen(dice, places), reverse=True):
        markup.tokens.insert(at, dice.choice(_FOREIGN))
    markup.into(entry)
    return entry.name


def prefixes(book: Book, dice: Random) -> str:
    """The elements of a part with a prefix instead of the default namespace."""
    entry = pick(book, dice)
    markup = Markup.of(entry)
    if markup is None or entry.content.count(b"xmlns=") != 1:
        return ""
    prefix = dice.choice(("x", "c", "v", "row", "a-b", "é"))
    if f"xmlns:{prefix}=" in entry.content.decode():
        return ""
    for at, token in enumerate(markup.tokens):
        if found := re.match(r"<(/?)([A-Za-z]\w*)(?=[\s/>])", token):
            rest = token[found.end() :].replace(" xmlns=", f" xmlns:{prefix}=")
            markup.tokens[at] = f"<{found[1]}{prefix}:{found[2]}{rest}"
    markup.into(entry)
    return f"{entry.name} {prefix}"


def encodings(book: Book, dice: Random) -> str:
    entry = pick(book, dice)
    if Markup.of(entry) is None or not entry.content.strip():
        return ""
    text = re.sub(r"\A<\?xml[^>]*\?>", "", entry.content.decode("utf-8-sig"))
    name = dice.choice(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "iso-8859-1", "windows-1252", "us-ascii")
    )
    told = {"utf-8-sig": "utf-8", "utf-16-be": "UTF-16"}.get(name, dice.choice((name, name.upper())))
    head = dice.choice(
        (f'<?xml version="1.0" encoding="{told}"?>', f"<?xml version='1.0' encoding='{told}' ?>")
    )
    if name.startswith("utf") and dice.random() < 0.3:
        head = ""
    if name == "iso-8859-1" and re.search("[\x80-\x9f]", text):
        return ""
    entry.content = (head + text).encode(name, "xmlcharrefreplace")
    if name == "utf-16-be":
        entry.content = b"\xfe\xff" + entry.content
    return f"{entry.name} {name}"


def declarations(book: Book, dice: Random) -> str:
    entry = pick(book, dice)
    if Markup.of(entry) is None or not entry.content.strip():
        return ""
    text = re.sub(rb"\A(\xef\xbb\xbf)?<\?xml[^>]*\?>\s*", b"", entry.content)
    head = dice.choice(
        (b"", b'<?xml version="1.0"?>', b"<?xml version='1.0' encoding='UTF-8' standalone='no'?>\r")
    )
    tail = dice.choice((b"", b"\n", b"<!-- end -->", b"<?end?>\r\n", b" \t"))
    entry.content = head + text + tail
    return entry.name


def hints(book: Book, dice: Random) -> str:
    """Counts and spans, which nobody may believe, dropped or false; the dimension as well."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for at in chosen(dice, markup.starts(*_HINTS), 5):
        tag, drop = markup.tokens[at], dice.random() < 0.4
        names = _HINTS[local(tag)]
        kept = [(name, value) for name, value in attributes(tag) if name not in names]
        markup.tokens[at] = with_attributes(
            tag, kept if drop else [*kept, *((name, dice.choice(_LIES)) for name in names)]
        )
    for at in markup.starts("dimension"):
        area = dice.choice(("A1", "A1:XFD1048576", "B2:A1", "", "A1:", "XFE9999999", "Sheet!A1"))
        markup.tokens[at] = with_attributes(markup.tokens[at], [("ref", area)])
    markup.into(entry)
    return entry.name


def strict(book: Book, dice: Random) -> str:
    for entry in book.entries:
        if entry.name.endswith((".xml", ".rels")):
            for old, new in _NAMESPACES:
                entry.content = entry.content.replace(old, new)
    return "all parts"


def packing(book: Book, dice: Random) -> str:
    """Zip level: stored, deflated otherwise, descriptors, zip64, order, a comment."""
    for entry in book.entries:
        if dice.random() < 0.5:
            entry.deflated = dice.random() < 0.6
            entry.level = dice.choice((0, 1, 9))
            entry.descriptor = entry.deflated and dice.random() < 0.4
            entry.zip64 = dice.random() < 0.2
    if dice.random() < 0.4:
        dice.shuffle(book.entries)
    if dice.random() < 0.2:
        book.comment = dice.choice((b"a comment", b"x" * 65_535))
    return "zip"


def folders(book: Book, dice: Random) -> str:
    for name in ("xl/", "xl/worksheets/", "_rels/"):
        if dice.random() < 0.6 and book.part(name) is None:
            book.entries.insert(dice.randint(0, len(book.entries)), Entry(name, b"", deflated=False))
    return "folders"


def other_relation_ids(book: Book, dice: Random) -> str:
    main, related = book.part("xl/workbook.xml"), book.part("xl/_rels/workbook.xml.rels")
    if main is None or related is None or b"rId" not in main.content or b"rId" not in related.content:
        return ""  # one of them may be in UTF-16
    new = dice.choice((b"R", b"rId0", b"_-.", b"r."))
    for entry, before in ((main, b'id="'), (related, b'Id="')):
        entry.content = entry.content.replace(before + b"rId", before + new)
    return new.decode()


def other_targets(book: Book, dice: Random) -> str:
    """Targets of the workbook's relationships otherwise spelt: absolute, with a dot, with percent signs."""
    related = book.part("xl/_rels/workbook.xml.rels")
    if related is None or b'Target="/' in related.content:
        return ""
    new = dice.choice((b'Target="/xl/', b'Target="./', b'Target="../xl/', b'Target="%77orksheets/../'))
    related.content = related.content.replace(b'Target="', new)
    return new.decode()


def other_part_names(book: Book, dice: Random) -> str:
    """A worksheet's part renamed, also in the relationships and content types."""
    sheets = [each for each in book.entries if re.fullmatch(r"xl/worksheets/[\w.]+\.xml", each.name)]
    if not sheets:
        return ""
    entry = dice.choice(sheets)
    old, related = entry.name.rpartition("/")[2], book.part("xl/_rels/workbook.xml.rels")
    if related is None or old.encode() not in related.content:
        return ""  # it may be in UTF-16
    new = dice.choice(("a b.xml", "Sheet-é.xml", "s.xml", "SHEET99.XML", "sheet.xml.bak.xml"))
    spelt = new.replace(" ", "%20")
    for each in book.entries:
        if each.name.endswith((".rels", "[Content_Types].xml")):
            each.content = each.content.replace(f"worksheets/{old}".encode(), f"worksheets/{spelt}".encode())
        each.name = each.name.replace(f"/{old}", f"/{new}")
    return f"{old} as {new}"


def inline_texts(book: Book, dice: Random) -> str:
    """Shared texts in their cells."""
    shared = book.ending("haredStrings.xml")
    entry = pick(book, dice)
    table, markup = shared and Markup.of(shared[0]), Markup.of(entry)
    if not table or markup is None or "worksheets/" not in entry.name:
        return ""
    items = ["".join(table.tokens[at + 1 : table.end(at) - 1]) for at in table.starts("si")]
    for at in sorted(chosen(dice, markup.starts("c")), reverse=True):
        tag, end = markup.tokens[at], markup.end(at)
        found = re.fullmatch(r"<v>(\d{1,9})</v>", "".join(markup.tokens[at + 1 : end - 1]))
        if ("t", "s") in attributes(tag) and found and int(found[1]) < len(items):
            kind = [("t", "inlineStr") if each == ("t", "s") else each for each in attributes(tag)]
            markup.tokens[at:end] = [with_attributes(tag, kind), f"<is>{items[int(found[1])]}</is>", "</c>"]
    markup.into(entry)
    return entry.name


def runs(book: Book, dice: Random) -> str:
    """A text in two runs, with phonetic hints beside them."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for at in sorted(chosen(dice, markup.starts("t")), reverse=True):
        tag, end = markup.tokens[at], markup.end(at)
        text = markup.tokens[at + 1]
        if (
            end != at + 3
            or text[0] == "<"
            or local(markup.tokens[at - 1]) not in ("si", "is")
            or "&" in text
            or "_" in text
        ):
            continue
        cuts = [each for each in range(1, len(text)) if len(text[each - 1 : each + 1].strip()) == 2]
        if cuts:
            cut = dice.choice(cuts)
            p = tag[1:].split()[0].rpartition("t")[0]  # the prefix of the namespace, with its colon
            font = dice.choice(("", f"<{p}rPr><{p}b/></{p}rPr>", f"<{p}rPr/>"))
            phonetic = f'<{p}rPh sb="0" eb="1"><{p}t>phonetic</{p}t></{p}rPh>'
            hint = dice.choice(("", phonetic, f'<{p}phoneticPr fontId="1"/>'))
            first, second = (
                f"<{p}r>{each}</{p}t></{p}r>" for each in (f"{font}{tag}{text[:cut]}", tag + text[cut:])
            )
            markup.tokens[at:end] = [first + second + hint]
    markup.into(entry)
    return entry.name


def defaults_spelt_out(book: Book, dice: Random) -> str:
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for at in chosen(dice, markup.starts("c"), 5):
        found = attributes(markup.tokens[at])
        names = {name for name, _ in found}
        more = [each for each in (("s", "0"), ("t", "n"), ("cm", "1"), ("ph", "0")) if each[0] not in names]
        markup.tokens[at] = with_attributes(markup.tokens[at], [*found, *more])
    markup.into(entry)
    return entry.name


def implied_addresses(book: Book, dice: Random) -> str:
    """Cells without addresses where the cell before has the one before."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for start in chosen(dice, markup.starts("row"), 4):
        for expected, (at, _) in zip("ABCDEFGHIJ", markup.children(start), strict=False):
            found = dict(attributes(markup.tokens[at]))
            if local(markup.tokens[at]) != "c" or found.get("r", "").rstrip("0123456789") != expected:
                break
            rest = [each for each in attributes(markup.tokens[at]) if each[0] != "r"]
            markup.tokens[at] = with_attributes(markup.tokens[at], rest)
    markup.into(entry)
    return entry.name


def escapes(book: Book, dice: Random) -> str:
    """A letter as `_xHHHH_`."""
    entry = pick(book, dice)
    if (markup := Markup.of(entry)) is None:
        return ""
    for at in chosen(dice, [each for each in markup.texts() if local(markup.tokens[each - 1]) == "t"]):
        text = markup.tokens[at]
        plain = (
            []
            if "&" in text or "_" in text
            else [spot for spot, each in enumerate(text) if each.isalpha() and each < "\uffff"]
        )
        if plain:
            spot = dice.choice(plain)
            markup.tokens[at] = f"{text[:spot]}_x{ord(text[spot]):04{dice.choice('xX')}}_{text[spot + 1 :]}"
    markup.into(entry)
    return entry.name


SPELLINGS: tuple[Change, ...] = (
    attributes_in_another_order,
    single_quotes,
    space_in_tags,
    references_in_attributes,
    unknown_attributes,
    tags_opened_or_closed,
    cdata,
    references_in_texts,
    comments_in_texts,
    comments,
    space_between_tags,
    foreign_elements,
    prefixes,
    encodings,
    declarations,
    hints,
    strict,
    packing,
    folders,
    other_relation_ids,
    other_targets,
    other_part_names,
    inline_texts,
    runs,
    defaults_spelt_out,
    implied_addresses,
    escapes,
)
