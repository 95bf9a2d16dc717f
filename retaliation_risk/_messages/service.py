"""The words of the service."""

from __future__ import annotations

from retaliation_risk._messages.message import Message

OF_SERVICE = (
    Message(
        "RR701",
        "malformed event",
        "An event has no usable id, names no table, or has a column that its table does not have.",
        "Send the columns of the contract alone (docs/schema.json); nothing else of a ticket is wanted.",
    ),
    Message(
        "RR702",
        "address where none may be",
        "A cell of an event, or an event id, looks like an e-mail address, which no store of the service holds.",
        "Send the customer_id, or the contact_key made from the address; or post the webhook shape, which makes it.",
    ),
    Message(
        "RR703",
        "log not written",
        "The event log could not be written, so nothing of the request was acknowledged.",
        "Free the disk, make the file writable or start the database, then send the same events again: none counts twice.",
    ),
    Message(
        "RR704",
        "event id used before",
        "An event has the id of another one, which says something else.",
        "Give every event an id of its own; the one that came first stays.",
    ),
    Message(
        "RR705",
        "tables of another run",
        "The tables to serve are not those that the run was made of, so that a readout could not be traced back.",
        "Serve the tables that run.json names, make the run again, or allow other tables in the settings.",
    ),
    Message(
        "RR706",
        "forgotten",
        "The customer was erased on request, and nothing is taken down of them again.",
        "Nothing is to be done; stop sending events of this customer.",
    ),
    Message(
        "RR707",
        "unsigned webhook",
        "A webhook has no signature, a wrong one, or one of long ago.",
        "Compare the secret with that of the sender, and the clocks of both machines.",
    ),
    Message(
        "RR708",
        "unknown webhook",
        "The body of a webhook has none of the shapes that are known.",
        "Send one of the shapes in docs/serve.md; what is wrong is named above.",
    ),
    Message(
        "RR709",
        "contact of several customers",
        "Several customers have the contact key that was asked for.",
        "Ask by customer_id.",
    ),
    Message(
        "RR710",
        "no run to serve",
        "The folder is not a whole run, or its model cannot be served.",
        "Make the run again, or serve another folder.",
    ),
    Message(
        "RR711",
        "log not opened",
        "The event log cannot be opened, read or made.",
        "Name a file in a folder that can be written, or the address of a database that runs.",
    ),
    Message(
        "RR712",
        "row of another time",
        "A row contradicts one that is there: a ticket or customer that says something else, or a change before its ticket.",
        "Correct it where it comes from; what was told first stays.",
    ),
)
