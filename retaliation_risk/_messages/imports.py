"""What imports and the reading of posts say: RR150 to RR199."""

from __future__ import annotations

from retaliation_risk._messages.message import Message

OF_IMPORTS = (
    Message(
        "RR150",
        "bad mapping",
        "A mapping file names a table, column or key that does not exist, or a value of the wrong kind.",
        "Correct the lines that the message names; docs/adapters.md says how a mapping is written.",
    ),
    Message(
        "RR151",
        "mapping not filled in",
        "A mapping file still has a ? where the export alone could not tell.",
        "Fill in each line that the message names; the comment above it says what was seen.",
    ),
    Message(
        "RR152",
        "unknown value",
        "A column has values that the mapping does not name; what they mean is not guessed.",
        'Add the lines that the message shows to the mapping; "" says that a value means nothing.',
    ),
    Message(
        "RR153",
        "no guess",
        "A file does not show what its columns mean: it has no rows, or nothing in it can be a ticket's id.",
        "Write the mapping by hand; docs/adapters.md says how.",
    ),
    Message(
        "RR154",
        "no weights",
        "How much the fields of a probable match are worth cannot be estimated from these data.",
        "Give m (how often the field of a true pair agrees) in the mapping, from pairs that you checked by hand, or drop the"
        " field; docs/outcomes.md says how.",
    ),
    Message(
        "RR155",
        "too many pairs",
        "There are more pairs of posts and customers than a probable match compares.",
        'Set block = true for a field with compare = "exact", such as the postcode: pairs must agree on one.',
    ),
    Message(
        "RR156",
        "too few labels",
        "Too few people wrote the labelled posts of a kind for anything to be learned.",
        "Label more posts, by other authors.",
    ),
    Message(
        "RR157",
        "bad posts model",
        "A file is no model of posts, or one that was changed.",
        "Train it again with retaliation-risk posts train.",
    ),
    # Exports of a helpdesk.
    Message(
        "RR180",
        "unknown status",
        "An export has statuses of which nobody has said whether a ticket in them is open or done.",
        'Add the helpdesk\'s own list of statuses to the export, or lines such as "Waiting" = "open" under [statuses] of'
        " a mapping file (--mapping).",
    ),
    Message(
        "RR181",
        "bad choices",
        "A mapping file of an adapter is no TOML, or has a key or a value that is not known.",
        "Correct the file; docs/adapters_more.md says how it is written.",
    ),
    Message(
        "RR182",
        "unclear dates",
        "The dates of an export fit none of the known formats, or several that tell different days.",
        "Name the format (--time-format), such as %d/%m/%y %I:%M %p.",
    ),
)
