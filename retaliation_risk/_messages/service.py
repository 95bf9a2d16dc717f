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
        "A cell of an event, or an event id, holds an @, as e-mail addresses do, and no store of the service holds those.",
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
    # The service: what it answers to a request it refuses, its keys and its audit log.
    Message(
        "RR720",
        "no valid key",
        "A request has no API key, or one that is unknown, revoked or expired; which of these is not said.",
        "Send a key as X-API-Key or as Authorization: Bearer; retaliation-risk keys create makes one.",
    ),
    Message(
        "RR721",
        "scope too narrow",
        "The API key may not do this: metrics sees counts, read looks at customers, write adds to them, admin erases.",
        "Use a key of the scope named.",
    ),
    Message(
        "RR722",
        "too many requests",
        "A key, or an address that sends wrong keys, has used up its requests.",
        "Wait as long as Retry-After says; RETALIATION_RISK_SERVE_RATE_PER_MINUTE sets how many a key may send.",
    ),
    Message(
        "RR723",
        "body too large",
        "The body of a request has more bytes than allowed.",
        "Send fewer events at once.",
    ),
    Message(
        "RR724",
        "not JSON",
        "The body of a request is not of the kind application/json.",
        "Send JSON with Content-Type: application/json, without compression.",
    ),
    Message(
        "RR725",
        "fields refused",
        "Fields of a request are missing, unknown or out of their range. What was sent is not repeated.",
        "Correct the fields named; docs/openapi.json says what each must be.",
    ),
    Message(
        "RR726",
        "unreadable body",
        "The body of a request is no JSON text, or is nested too deep.",
        "Send one JSON object, no deeper than a batch of events.",
    ),
    Message(
        "RR727",
        "not found",
        "There is no such page, or no such customer for this key.",
        "Check the address of the page, the customer, and whether the key is of the right tenant.",
    ),
    Message(
        "RR728",
        "wrong method",
        "The page does not know the method of a request.",
        "Use one that the header Allow names.",
    ),
    Message(
        "RR729",
        "internal error",
        "A bug: the request was not answered. The log of the service says where it is, not what was sent.",
        "Report it with the request id.",
    ),
    Message(
        "RR730",
        "too slow",
        "The body of a request did not arrive in time.",
        "Send it again.",
    ),
    Message(
        "RR731",
        "not ready",
        "The service cannot write its logs, or the files that it must erase from, and does nothing that it cannot finish.",
        "See that the disk has room and is writable, then try again.",
    ),
    Message(
        "RR732",
        "key store",
        "The file of API keys cannot be used, or no key has the id.",
        "Check the path; retaliation-risk keys list shows the ids.",
    ),
    Message(
        "RR733",
        "audit log broken",
        "Lines of the audit log were changed, cut out or added after they were written.",
        "Compare with a copy, and find out who can write to the folder.",
    ),
)
