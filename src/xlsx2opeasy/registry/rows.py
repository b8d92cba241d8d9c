"""Rules for one row and its command, and for rows beside each other."""

from typing import Final

from xlsx2opeasy.registry.entry import Entry, error, warning

_FAILS = "the back end must refuse one of the rows"

ROWS: Final[tuple[Entry, ...]] = (
    error(
        "command",
        "Each row has a command of its sheet.",
        'Appendix I-V: "Available Commands"',
        "a row without a command is no task",
        usual=('"{value}" is no command of {of}', "write {commands}"),
        near=('"{value}" is no command of {of}', "did you mean {near}?"),
        missing=("the command is missing", "write {commands}"),
    ),
    error(
        "required",
        "A row has the fields that its command cannot do without.",
        "reading of Appendix I-V, which say only which fields a command uses: without them the task has no subject",
        "the task would have no subject",
        usual=("{command} needs {what}", "fill in {name}, such as {example}{where}"),
    ),
    warning(
        "group-missing",
        "AddUser and AddUserDevice have a groupId, unless the user profile brings one.",
        "reading of Appendix I: groupId, whose examples with a user profile leave it out",
        "a user profile may hold the group",
        usual=("{command} has a {other} and no {name}", "fill in {name}, unless the profile names the group"),
    ),
    error(
        "unused",
        "A filled cell belongs to a field that the row's command uses; --allow unused leaves such cells out.",
        "Appendix I-V: the commands of each field",
        "a value that is not used may have been meant for another command",
        allowed=True,
        softer="for fields of a device with AddUser: the tables do not list AddUser, an example has device.physicalLocation; they are sent",
        usual=(
            "{value} is in a field that {command} does not use",
            "empty the cell, or allow the rule unused, which leaves it out; it is used by {using}",
        ),
        doubtful=(
            "{value} is in a field that {command} does not use by the Appendix's table, which its example contradicts;"
            " it is sent",
            "empty the cell, or allow the rule unused, which leaves it out",
        ),
        left_out=(
            "{value} is in a field that {command} does not use; the cell is left out",
            "it is used by {using}",
        ),
    ),
    warning(
        "nothing-to-modify",
        "A row whose command modifies something has something to modify.",
        "reading of Appendix I-V: such a task changes nothing",
        "the task does no harm",
        usual=("{command} has nothing to modify in this row", "fill in what is to change, or delete the row"),
    ),
    error(
        "clear",
        'The cell text "" (two quotes) clears a field that can be empty.',
        "reading of Appendix I-V: Booleans, Integers and required fields cannot be empty",
        "an empty value cannot be sent in this field",
        usual=('"" asks for an empty value, but this field cannot be cleared', "write a value"),
        whole_list=('"" clears the whole list, and another item of it is filled', "fill only one of them"),
    ),
    error(
        "list-twice",
        "A list is written either in one cell or one item a column.",
        "reading the file",
        "it cannot be determined which of the two is meant",
        usual=("the list is written both in one cell and one item a column", "fill only one of the two"),
    ),
    error(
        "added-twice",
        "A user or device is added once, unless a row between deletes it.",
        "Appendix VII: 102 and 104, already exists",
        "the same thing would be sent twice",
        usual=(
            '"{value}" is added in row {other} already',
            "delete one of the two rows, or correct the name",
        ),
    ),
    error(
        "after-delete",
        "A row about a user or device is not below the row that deletes it.",
        "Appendix VII: 101 and 103, does not exist; rows of a sheet are processed in their order",
        _FAILS,
        allowed=True,
        usual=(
            '"{value}" is deleted in row {other}, so {command} must fail',
            "move this row above it, or add the {what} again first",
        ),
    ),
    error(
        "given-twice",
        "A linePort or accessUserName belongs to one device, a phone number or extension to one user.",
        'Appendix I: "Must be unique within the system"',
        _FAILS,
        allowed=True,
        softer="for phone numbers and extensions, of which the Appendix does not say that they are unique",
        usual=(
            '"{value}" belongs to another device in row {other} already',
            "it must be unique within the system; correct one",
        ),
        user=('"{value}" belongs to another user in row {other} already', "give each user one of their own"),
    ),
    warning(
        "sync-twice",
        "Each Sync command is in the workbook once.",
        'Appendix I: "should be issued one time"',
        "the rows are merged: one is sent, and both get its result",
        usual=(
            "{command} is in row {other} already; it is sent once",
            "a single request syncs all users; delete one of the rows",
        ),
    ),
    warning(
        "sync-not-last",
        "A Sync row is below the rows that it serves.",
        'Appendix I: "after all Teams User additions and modifications"',
        "it is sent after them, whatever row it is in",
        usual=("{command} is not the last of the Users rows", "it is sent after them, whatever row it is in"),
    ),
    warning(
        "sync-missing",
        "Where Teams users are added, changed or deleted, a Sync row follows.",
        'Appendix I: "This action is required when"',
        "somebody may synchronise later, or in the portal",
        usual=(
            "Teams users are added or changed, and no row has the command {command}",
            "if Calling Services are to be enabled for them now, add a last row {command}",
        ),
    ),
    warning(
        "ranges-overlap",
        "Rows of one command do not name the same phone number twice.",
        "reading of Appendix V",
        "the second row may be meant",
        usual=(
            "these numbers overlap with those of row {other}",
            "correct one of the two, unless that is meant",
        ),
    ),
    warning(
        "same-row",
        "No two rows are the same.",
        "reading of Appendix I-V",
        "both are sent, which may be meant",
        usual=("this row is the same as row {other}", "it is sent as well; delete it, unless that is meant"),
    ),
    error(
        "unclear-user",
        "A row of another sheet about a user means one user: not one of several of the same id, all deleted.",
        'reading of "Operations and Scheduled Operations": Users rows are processed before the other sheets',
        "it cannot be determined which of two users of the same id is meant",
        usual=(
            '"{value}" is deleted in the Users rows {deleted}, so it cannot be determined which user is meant',
            "load the rows about the first user and the other rows in two workbooks",
        ),
    ),
    warning(
        "user-again",
        "A row of another sheet about a user whom Users rows delete and add again means the new user.",
        'reading of "Operations and Scheduled Operations": Users rows are processed before the other sheets',
        "the user who stays is meant by nearly all such rows",
        usual=(
            '"{value}" is deleted in Users row {deleted} and added again in row {added}: this row runs after that',
            "if it is about the deleted user, load it in a workbook of its own before",
        ),
    ),
)
