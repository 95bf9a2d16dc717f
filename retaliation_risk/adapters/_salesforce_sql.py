"""The SQL behind :mod:`~retaliation_risk.adapters.salesforce`: from objects of an org to openings and changes."""

from __future__ import annotations

from retaliation_risk.adapters._canonical_sql import case, instant
from retaliation_risk.adapters._moves import EXPORTED, SHOWN, changes

STREAMS = {
    "Case": (
        "Id", "ContactId", "CreatedDate", "ClosedDate", "LastModifiedDate", "Status", "IsClosed", "Priority", "Origin",
        "Type", "Reason", "ParentId", "MasterRecordId", "IsDeleted",
    ),
    "CaseHistory": ("CaseId", "Field", "OldValue", "NewValue", "CreatedDate", "CreatedById", "IsDeleted"),
    "CaseMilestone": ("CaseId", "TargetDate", "CompletionDate", "IsDeleted"),
    "EmailMessage": ("Id", "ParentId", "Incoming", "MessageDate", "CreatedDate", "CreatedById", "IsDeleted"),
    "CaseStatus": ("MasterLabel", "ApiName", "IsClosed"),
    "Contact": ("Id", "CreatedDate", "Email", "IsDeleted"),
    "User": ("Id", "UserType"),
}  # fmt: skip
"""What is read of each object; only Case must be there, and without CaseHistory there is no history.

Not read: ``CaseMilestone.IsViolated`` (it follows the clock of the day of export, and ``LastModifiedDate`` does not move
when it changes) and ``Case.IsEscalated`` (how a case ended, not when it was escalated).
"""

STATUSES = {"New": False, "Working": False, "Escalated": False, "Closed": True}
"""The statuses that every org starts with: is a case closed in it."""

PRIORITIES = {"low": 2, "medium": 3, "high": 4, "critical": 5}
CHANNELS = {"phone": "phone", "email": "email", "web": "web", "chat": "chat"}
ACTORS = {
    "Standard": "agent",
    "AutomatedProcess": "bot",
    "CloudIntegrationUser": "bot",
    "CspLitePortal": "customer",
    "CustomerSuccess": "customer",
    "PowerCustomerSuccess": "customer",
    "SelfService": "customer",
    "Guest": "customer",
}

# The first 15 characters of an id are the id: reports write those, the API adds a check sum of 3.
_KEPT = "lower(coalesce(IsDeleted, 'false')) <> 'true'"

# A case that was changed during the export may stand there twice: the later one counts.
_CASES = f"""
CREATE TABLE cases AS
SELECT Id AS ticket_id, left(Id, 15) AS key, {instant("CreatedDate")} AS opened_at,
    {instant("ClosedDate")} AS closed_at, lower(IsClosed) = 'true' AS is_closed, Status AS status,
    CreatedDate AS opened_at_text, ClosedDate AS closed_at_text, ContactId AS contact,
    Priority AS priority, Origin AS origin, Type AS type, Reason AS reason,
    ParentId AS parent, MasterRecordId AS master
FROM case_raw WHERE {_KEPT}
QUALIFY row_number() OVER (
    PARTITION BY left(Id, 15) ORDER BY {instant("LastModifiedDate")} DESC NULLS LAST, case_raw.rowid DESC
) = 1
"""

_USERS = f"""
CREATE TABLE users AS
SELECT left(Id, 15) AS key, any_value({case("UserType", ACTORS)}) AS actor_type FROM user_raw GROUP BY ALL
"""

# A change of a foreign key has two rows, one with names and one with ids.
_HISTORY = f"""
CREATE TABLE history AS
SELECT DISTINCT left(CaseId, 15) AS key, {instant("CreatedDate")} AS changed_at, Field AS field,
    CreatedDate AS changed_at_text, OldValue AS old, NewValue AS new, users.actor_type
FROM casehistory_raw LEFT JOIN users ON users.key = left(CreatedById, 15)
WHERE {_KEPT}
"""

# What the user says comes first, then the org's own list, then what cases now in a status show.
_STATUSES = f"""
CREATE TABLE statuses AS
SELECT name, arg_min(is_done, rank) AS is_done FROM (
    FROM told
    UNION ALL SELECT unnest([MasterLabel, ApiName]), lower(IsClosed) = 'true', {EXPORTED} FROM CaseStatus_raw
    UNION ALL SELECT status, bool_or(is_closed), {SHOWN} FROM cases WHERE is_closed IS NOT NULL
        GROUP BY status HAVING bool_or(is_closed) = bool_and(is_closed)
) WHERE name IS NOT NULL GROUP BY name
"""

SEEN_STATUSES = """
SELECT status FROM cases UNION ALL
SELECT unnest([old, new]) FROM history WHERE field = 'Status'
"""

_EXPORT = """
CREATE TABLE export AS
SELECT coalesce($exported_at::TIMESTAMP, max(seen) + INTERVAL 1 SECOND) AS exported_at FROM (
    SELECT greatest(opened_at, closed_at) AS seen FROM cases
    UNION ALL SELECT changed_at FROM history
    UNION ALL SELECT sent_at FROM messages
    UNION ALL SELECT completed_at FROM milestones
)
"""

_MESSAGES = f"""
CREATE TABLE messages AS
SELECT DISTINCT emailmessage_raw.Id, left(ParentId, 15) AS key, lower(Incoming) = 'true' AS incoming,
    {instant("coalesce(MessageDate, CreatedDate)")} AS sent_at, coalesce(MessageDate, CreatedDate) AS sent_at_text,
    users.actor_type
FROM emailmessage_raw LEFT JOIN users ON users.key = left(CreatedById, 15)
WHERE {_KEPT}
"""

_MILESTONES = f"""
CREATE TABLE milestones AS
SELECT DISTINCT left(CaseId, 15) AS key, {instant("TargetDate")} AS target_at,
    {instant("CompletionDate")} AS completed_at, TargetDate AS target_at_text, CompletionDate AS completed_at_text
FROM casemilestone_raw WHERE {_KEPT}
"""

_RECORDED = """
CREATE TABLE recorded AS
SELECT coalesce((SELECT min(changed_at) FROM history), (SELECT min(opened_at) FROM cases)) AS recorded_from
"""

# What a field held before its first recorded change is what it held at opening.
_FIRSTS = """
CREATE TABLE firsts AS
WITH fields AS (
    SELECT key, regexp_replace(field, 'Id$', '') AS field, old, new, changed_at FROM history
), readable AS (
    SELECT * FROM fields
    WHERE CASE field WHEN 'Contact' THEN coalesce(old, new) SIMILAR TO '003[0-9A-Za-z]{12,15}'
        WHEN 'Parent' THEN coalesce(old, new) SIMILAR TO '500[0-9A-Za-z]{12,15}' ELSE true END
), first_changes AS (
    SELECT key, field, first({'old': old, 'new': new} ORDER BY changed_at, old, new) AS change
    FROM readable GROUP BY ALL
)
PIVOT first_changes ON field IN ('Contact', 'Parent', 'Origin', 'Priority', 'Type', 'Reason')
USING any_value(change) GROUP BY key
"""

# Staff raise the priority of what goes wrong: it is read only where a change of it would have been recorded.
_PRIORITY = """
CASE WHEN cases.opened_at >= (SELECT recorded_from FROM recorded) THEN
    CASE WHEN firsts."Priority" IS NOT NULL THEN firsts."Priority".old
        WHEN (SELECT count("Priority") FROM firsts) > 0 THEN cases.priority END
END
"""


def _first(field: str) -> str:
    return f'CASE WHEN firsts."{field}" IS NOT NULL THEN firsts."{field}".old ELSE cases."{field}" END'


_OPENINGS = f"""
CREATE TABLE openings AS
WITH held AS (
    SELECT cases.key, ticket_id, opened_at, master,
        coalesce(firsts."Contact".old, firsts."Contact".new, cases.contact) AS contact,
        {_first("Parent")} AS parent, {_first("Origin")} AS origin,
        nullif(concat_ws(' / ', {_first("Type")}, {_first("Reason")}), '') AS issue_key,
        {_PRIORITY} AS priority
    FROM cases LEFT JOIN firsts USING (key)
)
SELECT held.key, ticket_id, people.customer_id, opened_at,
    {case("lower(origin)", CHANNELS, "lower(origin)")} AS channel, issue_key,
    coalesce((SELECT any_value(ticket_id) FROM cases WHERE cases.key = left(held.parent, 15)), held.parent)
        AS parent_ticket_id, NULL::BOOLEAN AS is_complaint, {case("lower(priority)", PRIORITIES)} AS severity,
    priority, origin,
    CASE WHEN master IS NOT NULL THEN 'merged' WHEN people.customer_id IS NULL THEN 'nobody' END AS dropped
FROM held LEFT JOIN people ON people.key = left(held.contact, 15)
"""

# Contacts as their own export writes them, else as the cases do.
_PEOPLE = f"""
CREATE TABLE people AS
SELECT key, arg_min(customer_id, rank) AS customer_id, min(created_at) AS created_at, false AS is_staff,
    any_value(created_at_text) AS created_at_text, any_value(email) AS email
FROM (
    SELECT left(Id, 15) AS key, Id AS customer_id, 1 AS rank, {instant("CreatedDate")} AS created_at,
        CreatedDate AS created_at_text, Email AS email
        FROM contact_raw
    UNION ALL SELECT left(contact, 15), contact, 2, NULL, NULL, NULL FROM cases WHERE contact IS NOT NULL
    UNION ALL SELECT left(id, 15), id, 3, NULL, NULL, NULL
        FROM (SELECT unnest(["Contact".old, "Contact".new]) AS id FROM firsts) WHERE id IS NOT NULL
) GROUP BY key
"""

_MOVES = """
CREATE TABLE moves AS
SELECT DISTINCT ticket_id, changed_at, changed_at AS known_at, coalesce(before.is_done, false) AS was_done,
    after.is_done, actor_type
FROM history JOIN cases USING (key) JOIN statuses AS after ON after.name = history.new
    LEFT JOIN statuses AS before ON before.name = history.old
WHERE field = 'Status'
"""

# A closing that no row of the history tells is known at the export: earlier ones may have been deleted.
_UNTOLD = """
INSERT INTO moves BY NAME
SELECT ticket_id, closed_at AS changed_at, exported_at AS known_at, false AS was_done, true AS is_done
FROM cases, export WHERE is_closed AND closed_at IS NOT NULL
    AND ticket_id NOT IN (SELECT ticket_id FROM moves WHERE is_done)
"""

_HANDED = """
SELECT DISTINCT ticket_id, changed_at AS occurred_at, unnest(list_filter([
        CASE WHEN field IN ('Owner', 'ownerAssignment', 'ownerAccepted', 'ownerEscalated') THEN 'assigned' END,
        CASE WHEN field = 'ownerEscalated' OR (field = 'IsEscalated' AND lower(new) = 'true')
            OR (field = 'Status' AND new = 'Escalated') THEN 'escalated' END
    ], lambda each: each IS NOT NULL)) AS event_type, changed_at AS known_at, actor_type
FROM history JOIN cases USING (key)
"""

_WRITTEN = """
SELECT ticket_id, sent_at AS occurred_at, CASE WHEN incoming THEN 'message_in' ELSE 'message_out' END AS event_type,
    sent_at AS known_at, CASE WHEN incoming THEN 'customer' ELSE coalesce(actor_type, 'agent') END AS actor_type
FROM messages JOIN cases USING (key)
"""

# Work that ended the milestone, else the closing of the case, stops its clock; only the clock of the export is left.
_MISSED = """
SELECT ticket_id, target_at AS occurred_at, 'sla_breached' AS event_type, target_at AS known_at, 'system' AS actor_type
FROM milestones JOIN cases USING (key), export
WHERE coalesce(completed_at, CASE WHEN is_closed THEN closed_at END, exported_at) > target_at
"""

# What was deleted happened to nobody's knowledge: before it, no outcome could be seen.
CUT = (
    "UPDATE customers SET history_from = recorded_from FROM recorded",
    "UPDATE observation SET observed_from = greatest(observed_from, recorded_from) FROM recorded",
    "DELETE FROM observation WHERE observed_from >= observed_to",
)
TYPED = (_CASES, _USERS, _HISTORY, _MESSAGES, _MILESTONES, _STATUSES)
MADE = (_EXPORT, _RECORDED, _FIRSTS, _PEOPLE, _OPENINGS, _MOVES, _UNTOLD, changes(_HANDED, _WRITTEN, _MISSED))
