"""The catalogue of everything this package says on purpose: codes that never change, and the words for them.

docs/messages.md is made from it; :mod:`retaliation_risk.errors` raises it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One kind of complaint: a code that never changes, a name to remember it by, and its cure."""

    code: str
    name: str
    about: str
    cure: str
    level: str = "error"


_ALL = (
    # Files and arguments.
    Message(
        "RR101",
        "missing column",
        "A required column is not in the table.",
        "Add the column, or map yours to it in a rename file (--rename).",
    ),
    Message(
        "RR102",
        "unreadable file",
        "A file is cut short, corrupt or not of the kind its name says.",
        "Export or download the file again; a truncated gzip cannot be repaired.",
    ),
    Message(
        "RR103",
        "empty file",
        "A file has no header and no rows.",
        "Export the table again, or remove the file if the table is optional.",
    ),
    Message(
        "RR104",
        "headers only",
        "A required table has column names but no rows.",
        "Check the export's date range or filter: without rows there is nothing to learn from.",
    ),
    Message(
        "RR105",
        "missing table",
        "A required table is not in the folder.",
        "Put customers and tickets (csv, csv.gz or parquet) into the folder.",
    ),
    Message(
        "RR106",
        "bad rename",
        "The rename file names a table or column that is not in the contract.",
        'Write [table] sections with canonical = "yours" lines; names are in README.md, section Tables.',
    ),
    Message("RR107", "not found", "A file or folder does not exist.", "Check the path."),
    Message(
        "RR108",
        "output exists",
        "The output folder exists already.",
        "Choose another --out, or remove the folder: runs are never overwritten.",
    ),
    Message(
        "RR109",
        "wrong checksum",
        "A downloaded or local data file is not the one that was published.",
        "Remove the file and get it again; if it still differs, the source has changed.",
    ),
    Message(
        "RR110",
        "not available",
        "A public data set is neither in RETALIATION_RISK_DATA nor downloadable.",
        "Set RETALIATION_RISK_DATA to the folder that holds it, or check the network.",
    ),
    Message(
        "RR111",
        "bad argument",
        "An argument is outside its allowed range.",
        "Use a value from the range that the message names.",
    ),
    Message(
        "RR112",
        "delivered twice",
        "A table or a column stands in the source more than once.",
        "Keep one of them; which one is right cannot be guessed.",
    ),
    Message(
        "RR113",
        "missing extra",
        "An optional package that this needs is not installed.",
        "Install the extra that the message names, as in pip install 'retaliation-risk[spark]'.",
    ),
    Message(
        "RR114",
        "bad playbook",
        "A playbook names a key, column or action that is not known, or lacks a part that it needs.",
        "Correct the file; docs/policies.md says how rules are written.",
    ),
    Message(
        "RR115",
        "odd playbook",
        "A rule can never decide, or two rules fit the same customers and it is not said which is meant to win.",
        "Move, narrow or remove the rule, or name in over = [...] the later rules that it is meant to win over.",
        "warning",
    ),
    Message(
        "RR116",
        "bad setting",
        "A key of run.toml, of the environment or of --set does not exist, or its value is of the wrong kind.",
        "Use the names of docs/run.toml; environment variables are RETALIATION_RISK_ and the key in capitals.",
    ),
    # Values.
    Message(
        "RR201",
        "unparsable value",
        "A cell cannot be read as the column's kind.",
        "Write times as ISO 8601 (2026-01-31T13:45:00Z), numbers with a point, booleans as true or false.",
    ),
    Message(
        "RR202",
        "empty required cell",
        "A required column has missing values.",
        "Fill the cells or remove the rows at the source.",
    ),
    Message(
        "RR203",
        "time travel",
        "A fact was known before it happened (known_at before occurred_at).",
        "Check whether the two columns are swapped, or their time zones differ.",
    ),
    Message(
        "RR204",
        "before its ticket",
        "An event happened before its ticket was opened.",
        "Check the time zone of the two exports; an earlier message belongs to another ticket.",
    ),
    Message(
        "RR205",
        "duplicate id",
        "An id that must be unique stands in more than one row.",
        "Keep one row per id; if tickets were merged, keep the surviving one.",
    ),
    Message(
        "RR206",
        "unknown type",
        "A value is not one of the allowed words.",
        "Map it to one of the allowed words in the adapter or at the source; there is no default.",
    ),
    Message(
        "RR207",
        "future time",
        "A time lies after the time of the export.",
        "Check the clock and the time zone; planned dates do not belong into these tables.",
    ),
    Message(
        "RR208",
        "orphan row",
        "A row points to a customer or ticket that does not exist.",
        "Export both tables over the same range, or add the missing parent rows.",
    ),
    Message(
        "RR209",
        "out of range",
        "A number is outside the column's allowed range.",
        "Rescale the column to the range in README.md, section Tables.",
    ),
    Message(
        "RR210",
        "backwards interval",
        "An interval ends before it begins.",
        "Check whether observed_from and observed_to are swapped.",
    ),
    Message(
        "RR301",
        "midnight times",
        "Most times are exactly midnight, so the export may carry dates only.",
        "Export times, or read every day-scale feature with care.",
        "warning",
    ),
    Message(
        "RR302",
        "contact before first seen",
        "Customers have tickets before their first_seen_at.",
        "Tenure counts from first_seen_at; check which system's sign-up date was exported.",
        "warning",
    ),
    Message(
        "RR303",
        "ignored column",
        "A column is not in the contract and is not read.",
        "Nothing to do, unless it should have been mapped (--rename).",
        "warning",
    ),
    Message(
        "RR304",
        "unknown parent",
        "A ticket follows up a ticket that is not in the table.",
        "Nothing to do if the export is cut at a date; else export the earlier tickets too.",
        "warning",
    ),
    Message(
        "RR305",
        "unread file",
        "A data file is not a table of the contract and is not read.",
        "Rename it to a table of README.md, section Tables, or map it (--rename), if it should be read.",
        "warning",
    ),
    # Runs and models.
    Message(
        "RR401",
        "too few events",
        "There are too few outcomes to fit or to judge a model.",
        "Lengthen the history or the horizon; until then use the queue by rule.",
    ),
    Message(
        "RR402",
        "unknown customer",
        "A customer id is not in the customers table.",
        "Check the id; ids are compared as text, character by character.",
    ),
    Message(
        "RR403",
        "unknown feature",
        "A feature name is not declared.",
        "See the dictionary: retaliation-risk features.",
    ),
    Message(
        "RR404",
        "unknown outcome",
        "The outcome is neither an outcome type nor an event type of these tables.",
        "Use retaliation, a type of the outcomes table, or an event type such as reopened.",
    ),
    Message(
        "RR405",
        "history too short",
        "The history is shorter than training plus gap plus one horizon.",
        "Shorten --horizon-days, or export a longer history.",
    ),
    Message(
        "RR406",
        "nothing varies",
        "No feature differs between the rows to learn from.",
        "Check that events, orders and loyalty were delivered; a table left out switches its features off.",
    ),
    Message(
        "RR407",
        "few events per column",
        "A model without a ridge was fitted to fewer than ten events for each of its columns.",
        "Set ridge above 0, or use fewer columns: effects are otherwise too large and their intervals too short.",
        "warning",
    ),
    Message(
        "RR408",
        "redundant column",
        "A column is constant among those compared, or other columns add up to it, so no coefficient is its own.",
        "Drop it or one of those that add up to it; among columns that vary, a ridge above 0 also helps.",
    ),
    Message(
        "RR409",
        "monotone likelihood",
        "A coefficient has no finite estimate: within every risk set the events have a column's highest (or lowest) values, "
        "as where all of them, or none, are of one class.",
        "Set ridge above 0, drop the column, or merge its class with another.",
    ),
    Message(
        "RR410",
        "below the minimum",
        "Fewer outcomes are known than the minimum from which a model is trained.",
        "Wait for more, lengthen the history, or lower [minimum] events knowingly; until then use the queue by rule.",
    ),
    Message(
        "RR411",
        "nothing to compare on",
        "There is no moment that neither model learned from and whose horizon has passed.",
        "Train the challenger as of an earlier moment (--now), a horizon or more before the end of the data.",
    ),
    Message(
        "RR412",
        "nobody at risk",
        "At the moment asked about nobody is at risk: it lies after the end of observation, or everybody has left.",
        "Ask for an earlier moment, or leave it out: the end of observation is the default; else check observed_to.",
    ),
    Message(
        "RR420",
        "no overlap",
        "Those answered and those not answered have too little in common to be compared.",
        "Compare within a narrower group, leave out covariates that decide alone who is answered, or answer some at random.",
    ),
    Message(
        "RR501",
        "foreign run",
        "A run folder is missing files or was made by another format.",
        "Run again with this version.",
    ),
    Message(
        "RR502",
        "foreign feature store",
        "A feature store lacks its manifest, has another format, or holds a file that its manifest does not name.",
        "Compute the features again into a new folder (retaliation-risk features --out).",
    ),
    Message(
        "RR510",
        "foreign artefact",
        "A model folder has no manifest, or one that is not of this package.",
        "Point to a folder that train or run wrote; a folder copied in part cannot be repaired.",
    ),
    Message(
        "RR511",
        "newer artefact",
        "A model folder was written by a newer version of this package than the one that reads it.",
        "Install that version or a later one, or train again with this one.",
    ),
    Message(
        "RR512",
        "changed artefact",
        "A file of a model folder is missing, or is not the one that was written: its size or sha256 differs.",
        "Copy the folder again from where it was trained; if it still differs, train again.",
    ),
    Message(
        "RR513",
        "stray file",
        "A model folder holds or names something that does not belong into it.",
        "Nothing was opened. Find out who put it there; train again if you cannot.",
    ),
    Message(
        "RR514",
        "unknown class",
        "A stored model asks for a class that is not on this package's own list.",
        "Nothing of it was opened or run. Load models from people you trust, or train again.",
    ),
    Message(
        "RR515",
        "unsound parameters",
        "The parameters of a stored model cannot be read as those of its class.",
        "Train again; parameters are not to be edited by hand.",
    ),
    Message(
        "RR516",
        "pickled model",
        "A model is stored as a pickle, which can run any code when it is opened.",
        "Train with a model of this package, or pass allow_joblib=True for a folder that you wrote yourself.",
    ),
    Message(
        "RR517",
        "other libraries",
        "A stored model needs other versions of libraries than those installed.",
        "Install the versions that the message names, or train again with those installed.",
    ),
    Message(
        "RR518",
        "other predictions",
        "A stored model does not predict what it predicted when it was stored.",
        "Compare the library versions in its manifest.json with those installed; train again if they must differ.",
    ),
    Message(
        "RR519",
        "another artefact",
        "A model folder is whole, but not the one that was asked for.",
        "Check the path and the digest; one of them is of another model.",
    ),
    Message(
        "RR520",
        "pickle opened",
        "A pickled model was opened because allow_joblib was set; whoever wrote it could have run any code.",
        "Open only what you wrote yourself, and move to a model that is stored without a pickle.",
        "warning",
    ),
    Message(
        "RR521",
        "known too late",
        "Rows to score hold something that was not yet known at their moment.",
        "Compute the features as of the moment of each row; risks from later facts cannot be had in time.",
    ),
    Message(
        "RR522",
        "drift",
        "The customers to score differ from those of training by more than the gate allows.",
        "See which features drifted and why; train again on later data, or pass the feature over in the gate.",
    ),
    Message(
        "RR523",
        "not better",
        "The challenger was not shown to be better than the champion.",
        "Keep the champion; compare again when more outcomes are known.",
    ),
    # Studies.
    Message(
        "RR620",
        "impossible moments",
        "No data can have these standard deviations and correlations.",
        "Compare the value named with the paper, its sign first.",
    ),
    Message(
        "RR621",
        "unreadable study file",
        "A file of moments, or a survey and its codebook, lacks something or names something that is not there.",
        "Correct the file; docs/studies_method.md says how one is written.",
    ),
    Message(
        "RR622",
        "no estimate",
        "The moments do not decide the parameters of a model, or no parameters fit best.",
        "Fix one of the parameters named or leave it out; check the spelling and scale of what it belongs to.",
    ),
    Message(
        "RR623",
        "improper solution",
        "A model fits best with a variance below 0 or correlations above 1, which nothing can have.",
        "Read none of it: the model is wrong, or the sample too small for it.",
        "warning",
    ),
    Message(
        "RR640",
        "missing values",
        "A column of a study has missing or infinite values, and none are filled in silently.",
        "Drop the rows or fill them yourself, and say in the paper which of the two.",
    ),
    Message(
        "RR641",
        "no variation",
        "A variable of a study is the same in every row, so that it can explain nothing and nothing can explain it.",
        "Check the column and the rows that were kept; drop a predictor or moderator that is constant.",
    ),
    Message(
        "RR642",
        "too few groups",
        "There are too few clusters, persons or studies for the errors or variances that were asked for.",
        "Gather more of them, group by something finer, or ask for a simpler model.",
    ),
    Message(
        "RR643",
        "no convergence",
        "A likelihood has no maximum that could be found.",
        "Centre and scale the columns, leave out what the rows cannot tell apart, or use a simpler model.",
    ),
    Message(
        "RR644",
        "variance at its edge",
        "An estimated variance is 0, or a correlation of random effects is 1 or -1: the rows do not tell them apart.",
        "Leave out that random effect, and compare: the other estimates should stay nearly as they are.",
        "warning",
    ),
    # The service.
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

MESSAGES: dict[str, Message] = {message.code: message for message in _ALL}
