"""Rules for one value: what the Appendix allows in a field, and what people type."""

from typing import Final

from xlsx2opeasy.registry.entry import Entry, error, warning

_PLAIN = "the Appendix says so plainly, so the server refuses the task"
_TYPED = "what people type: the Appendix does not forbid it, and it is hardly ever meant"

VALUES: Final[tuple[Entry, ...]] = (
    error(
        "max-length",
        "A text has at most the number of characters that the Appendix gives.",
        'Appendix I: "Up to ... characters"',
        _PLAIN,
        allowed=True,
        usual=("{value} has {length} characters, at most {limit} are allowed", "shorten it"),
    ),
    error(
        "digits",
        "A field of digits has nothing else in it.",
        'Appendix I: "digits only"',
        _PLAIN,
        allowed=True,
        softer='for voicePortalPasscode and commBarringAuthCode, of which the Appendix says "should"',
        usual=("{value} has characters that are not digits", "write digits only, such as {example}"),
    ),
    error(
        "one-of",
        "A field with a fixed list of values has one of them, in any letter case.",
        'Appendix I-V: "Must be one of"',
        _PLAIN,
        allowed=True,
        softer='where the Appendix introduces the list with "E.g.": another value is sent as it is typed',
        usual=("{value} is not one of {values}", "write {choice}"),
        near=("{value} is not one of {values}", "write {choice} - did you mean {near}?"),
        open=("{value} is neither {values}, and is sent as it is", "if that is a slip, write {choice}"),
    ),
    error(
        "email-style",
        "An address is written address@domain, with at least 6 characters before the @.",
        'Appendix I: "address@domain", "the address must be at least 6 characters"',
        _PLAIN,
        allowed=True,
        softer="where the address is only too short and the user exists already (Modify, Delete, Suspend, Restore)",
        usual=("{value} is not of the form address@domain", "write it such as john.doe@example.com"),
        spaces=("{value} is not of the form address@domain", "write one @, and no spaces"),
        short=(
            "{value} has only {length} characters before the @, at least {limit} are needed",
            "use a longer address",
        ),
        existing=(
            "{value} has only {length} characters before the @, where new addresses need {limit};"
            " it is sent as it is",
            "check it, unless that is the user's address",
        ),
    ),
    error(
        "between",
        "A number is a whole number within the range that the Appendix gives.",
        "Appendix II-IV: the ranges of skillLevel, the rings and the seconds; ports have 16 bits",
        _PLAIN,
        allowed=True,
        usual=("{value} is not a whole number from {low} to {high}", "write a number such as {example}"),
    ),
    error(
        "boolean",
        "A Boolean is TRUE or FALSE, yes or no, 1 or 0.",
        'Appendix I-V: type "Boolean"',
        _PLAIN,
        allowed=True,
        usual=("{value} is neither true nor false", "write TRUE or FALSE"),
    ),
    error(
        "characters",
        "A field has only the characters that the Appendix lists.",
        "Appendix I: pingUserName, pingUserPassword",
        _PLAIN,
        allowed=True,
        softer="for pingUserName, whose list of special characters is garbled in the specification",
        usual=("{value} has {wrong} which is not allowed here", "use only {names}"),
    ),
    error(
        "mac-address",
        "A MAC address has at most 12 characters; it is 12 hexadecimal digits, with or without : - .",
        'Appendix I: device.macAddress, "Maximum of 12 characters"',
        _PLAIN,
        allowed=True,
        softer="where it is short enough, but not 12 hexadecimal digits",
        usual=(
            "{value} is no MAC address of at most {limit} characters",
            "write 12 hexadecimal digits, such as 00085D123456",
        ),
        long_near=("{value} is no MAC address of at most {limit} characters", "did you mean {near}?"),
        letter_o=("{value} has the letter O in it, where a MAC address has zeros", "did you mean {near}?"),
        lost_zeros=(
            "{value} has {length} hexadecimal digits, a MAC address has 12; Excel may have removed zeros at its beginning",
            "did you mean {near}? Format the column as Text",
        ),
        not_hexadecimal=("{value} is not 12 hexadecimal digits", "write it such as 00085D123456"),
    ),
    error(
        "number-or-range",
        "A phoneNumbers cell has one phone number, or an inclusive range A - B, its ends in order and of equal length.",
        "Appendix V: phoneNumbers",
        _PLAIN,
        allowed=True,
        usual=("{value} is neither a phone number nor a range", "write {words}"),
        disordered=(
            "{value} is a range whose end is before its start, or of another length",
            "write {words}",
        ),
    ),
    error(
        "two-numbers",
        "A text that is two phone numbers has ' - ' (space, dash, space) between them, in PhoneNumbers only.",
        "Appendix V: phoneNumbers, read as: without the separator it would be sent as one number that does not exist",
        "one number of twenty digits would be sent, and the numbers of the range would not be found",
        allowed=True,
        usual=("{value} is two phone numbers in one", 'write "{near}"'),
        several=(
            "{value} is more than one phone number",
            'write each number in a row of its own, or a range such as "214-844-6611 - 214-844-6612"',
        ),
        one_only=("{value} is two phone numbers, and this field takes one", "write one of them"),
    ),
    error(
        "too-many-digits",
        "A phone number has at most 15 digits.",
        "ITU-T E.164, 6.2.1; Appendix I: user.phoneNumber, E.164 is supported",
        "no telephone network has longer numbers",
        allowed=True,
        softer="outside PhoneNumbers, where the field may hold something else than a number",
        usual=("{value} has {length} digits, a phone number has at most 15", "check it"),
    ),
    warning(
        "placeholder",
        "A number field that has no number is left blank.",
        "reading of Appendix I, IV and V: any text can be sent",
        _TYPED,
        usual=(
            "{value} is sent as the phone number",
            'empty the cell, or write "" (two quotes) to clear the field',
        ),
    ),
    warning(
        "decimal-number",
        "A phone number is not written as a decimal number, such as 2145550101.0 or 2.14555E+09.",
        "reading of Appendix I, IV and V: any text can be sent",
        _TYPED,
        usual=(
            "{value} is a decimal number, as some programs write whole ones; it is sent as it is",
            "write the number's digits as text",
        ),
    ),
    warning(
        "forwarding-without-number",
        "Forwarding that is switched on has a number to forward to.",
        "reading of Appendix IV: the number may be set already",
        "the number may have been set before, so the load need not fail",
        usual=("{name} is switched on, and {number} is blank", "fill in {number}, unless it is set already"),
    ),
    error(
        "empty-list",
        "A list has at least one item; a blank cell sends nothing.",
        "reading of Appendix I: separators alone would clear the list without saying so",
        "it would clear the list, and nothing shows that this is meant",
        usual=("{value} has no item", 'write items separated by ;, or "" to clear the list'),
    ),
    error(
        "max-items",
        "A list has at most the number of items that the Appendix gives.",
        'Appendix I: repeaterIpeiNumber, "Maximum of 3"',
        _PLAIN,
        allowed=True,
        usual=("{value} lists {length} items, at most {limit} are allowed", "remove some"),
        one_a_column=("{value} is one item too many: {words}", "empty the cell"),
    ),
    error(
        "keyword",
        "The word None as a groupId goes with Modify only.",
        "Appendix V: groupId",
        _PLAIN,
        allowed=True,
        usual=("{value} is not allowed here: {words}", "write the ID of a group"),
    ),
)
