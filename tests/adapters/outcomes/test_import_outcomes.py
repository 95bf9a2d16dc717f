"""Reviews, posts and chargebacks joined to customers: each way by hand, what stays apart, what is refused, the whole way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk._contact import contact_key
from retaliation_risk.adapters import Options, import_tables, report_text
from retaliation_risk.cli import main
from retaliation_risk.errors import ArgumentError, ContractError, DataError
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import read_tables, tables_from_frames, write_tables

SECRET = b"a secret of the firm"

MAPPING = """\
exported_at = 2025-12-31T00:00:00Z
zone = "Europe/Berlin"

[outcomes]
post_id = "id"
occurred_at = "day"
known_at = "seen"
customer_id = "customer"
email = "mail"
reach = "views"
outcome_type = { column = "site", values = { "Stars" = "review", "ad" = "" } }
"""
FIELDS = """
[[match]]
name = "name"
post = "author"
contact = "full_name"
compare = "similar"
at_least = 0.92
m = 0.9
u = 0.001

[[match]]
name = "postcode"
post = "place"
contact = "postcode"
compare = "exact"
m = 0.9
u = 0.001

[[match]]
name = "order"
post = "bought"
compare = "order"
within_days = 1
m = 0.8
u = 0.01
"""
POSTS = """\
id,day,seen,customer,mail,views,site,author,place,bought,text
P1,2025-03-01,2025-03-04,C1,,500,Stars,,,,Never again
P2,2025-03-02,,,Bo@Example.org,,social_post,,,,I tell everyone
P3,2025-03-03,,C1,bo@example.org,,chargeback,,,,
P4,2025-03-04,,C9,,,Stars,Ana Lima,,,
P5,2025-03-05,,,two@example.org,,Stars,,,,
P6,2025-03-06,,,,,Stars,"Lima, Ána",sw1a 1AA,2025-02-02,
P7,2025-03-07,,,,,Stars,Kim Twin,E1,,
P8,2025-03-08,,,,,Stars,Nobody Known,XX,,
P9,2025-03-09,,,,,Stars,Kim Twin,,,
P10,2025-03-10,,,,,ad,,,,
P11,2025-03-11,,,,,Stars,Otto Aus,ZZ9,,
P1,2025-03-01,2025-03-04,C1,,500,Stars,,,,Never again
P12,2025-01-05,,C2,,,regulator,,,,
"""
CONTACTS = """\
customer_id,full_name,postcode
C1,Ana Lima,SW1A1AA
C2,Bo Berg,N1
C4,Kim Twin,E1
C5,Kim Twin,E1
C6,Otto Aus,ZZ9
"""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Six customers: two share a key, one opted out of profiling, one has an outcome already."""
    keys = ["ana", "bo", "two", "two", "kim", "otto"]
    customers = pd.DataFrame({
        "customer_id": [f"C{k}" for k in range(1, 7)],
        "first_seen_at": "2024-01-01",
        "contact_key": [contact_key(f"{key}@example.org", SECRET) for key in keys],
        "profiling_opt_out": [False] * 5 + [True],
    })  # fmt: skip
    tickets = pd.DataFrame({"ticket_id": ["T1"], "customer_id": ["C1"], "opened_at": ["2025-02-20"]})
    orders = pd.DataFrame({"customer_id": ["C1"], "ordered_at": ["2025-02-01T23:30:00Z"]})
    outcomes = pd.DataFrame(
        {"customer_id": ["C2"], "occurred_at": ["2025-01-04T23:00:00Z"], "outcome_type": ["regulator"]}
    )
    frames = {"customers": customers, "tickets": tickets, "orders": orders, "outcomes": outcomes}
    write_tables(tables_from_frames(frames), tmp_path / "tables")
    return tmp_path / "tables"


def run(
    tables: Path, mapping: str = MAPPING + FIELDS, posts: str = POSTS, contacts: str = CONTACTS, **options
):
    for name, text in {"mapping.toml": mapping, "posts.csv": posts, "contacts.csv": contacts}.items():
        (tables.parent / name).write_text(text, encoding="utf-8")
    asked = {"mapping": tables.parent / "mapping.toml", "tables": tables, "secret": SECRET,
             "contacts": tables.parent / "contacts.csv"}  # fmt: skip
    out = tables.parent / "out"
    return import_tables("outcomes", tables.parent / "posts.csv", out, Options(**{**asked, **options}))


def matches(tables: Path) -> pd.DataFrame:
    return pd.read_csv(tables.parent / "out" / "matching" / "matches.csv")


def test_each_way_by_hand(tables: Path) -> None:
    report = run(tables)
    found = matches(tables)
    assert found.groupby("post_id")["way"].first().to_dict() == {
        "P1": "customer id",  # the repeated row is one
        "P2": "exact key",  # in capitals
        "P3": "conflict",  # C1 by id, C2 by key
        "P4": "unknown id",  # though the name fits C1
        "P5": "key of several customers",
        "P6": "probable match",  # other order, accents, white space and a day's difference
        "P7": "ambiguous",  # two of the same name and postcode
        "P8": "no match",
        "P9": "ambiguous",  # by the name alone, too
        "P11": "opted out",
        "P12": "customer id",
    }
    assert found[found["joined"]].set_index("post_id")["customer_id"].to_dict() == {
        "P1": "C1", "P2": "C2", "P6": "C1", "P12": "C2",
    }  # fmt: skip
    assert found[found["post_id"] == "P7"]["probability"].round(2).tolist() == [0.5, 0.5]
    left = {finding.about: finding.ids for finding in report.left_out}
    assert left["its kind means nothing"] == ("P10",)
    assert left["already among the outcomes"] == ("P12",)
    assert report.duplicates == 1
    assert sum(report.matching["ways"].values()) == 11


def test_the_outcomes_are_those_that_were_there_and_the_joined_posts(tables: Path) -> None:
    run(tables)
    frame = read_tables(tables.parent / "out").frame("outcomes")
    # Berlin's midnight is 23:00 UTC; what the file does not say is known at the export.
    expected = [
        ("C1", "2025-02-28 23:00", "review", "2025-03-03 23:00", 500.0),
        ("C1", "2025-03-05 23:00", "review", "2025-12-31 00:00", None),
        ("C2", "2025-01-04 23:00", "regulator", "2025-01-04 23:00", None),
        ("C2", "2025-03-01 23:00", "social_post", "2025-12-31 00:00", None),
    ]
    rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    assert [
        tuple(f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, pd.Timestamp) else cell for cell in row)
        for row in rows
    ] == expected


def test_no_text_author_or_contact_is_kept(tables: Path) -> None:
    run(tables)
    out = tables.parent / "out"
    kept = b"".join(path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file())
    for frame in map(read_tables(out).frame, read_tables(out).names):
        kept += frame.to_csv().encode()
    for word in (b"Never again", b"Lima", b"Kim", b"SW1A", b"example.org"):
        assert word.lower() not in kept.lower()
    assert sorted(path.name for path in tables.parent.iterdir()) == [
        "contacts.csv", "mapping.toml", "out", "posts.csv", "tables",
    ]  # fmt: skip


def test_the_report_says_what_was_used(tables: Path) -> None:
    mapping = MAPPING + FIELDS.replace("u = 0.01\n", "")
    report = run(tables, mapping)
    order = report.matching["fields"]["order"]
    assert (order["m"], order["u"]["from"]) == ({"value": 0.8, "from": "given"}, "estimated")
    assert order["agrees"] == pytest.approx(np.log2(0.8 / order["u"]["value"]))
    assert report.matching["confidence"] == 0.9
    text = report_text(report)
    assert "customer id 2, exact key 1, probable match 1, conflict 1" in text
    assert "field name: m 0.9 (given); u 0.001 (given); agrees +9.8 bits, disagrees -3.3" in text
    assert "whom a probable match never finds: 1 of 6." in text
    written = json.loads((tables.parent / "out" / "import_report.json").read_text(encoding="utf-8"))
    assert written["matching"] == json.loads(json.dumps(report.matching))


def test_a_higher_confidence_joins_less(tables: Path) -> None:
    run(tables, f"confidence = 0.99999999\n{MAPPING}{FIELDS}")
    found = matches(tables).set_index("post_id")
    assert found.loc["P6", "way"] == "below confidence"
    assert not found.loc["P6", "joined"]


def test_the_notes_and_the_level_of_the_tables_go_on(tables: Path) -> None:
    told = {"level": "snapshot", "notes": ["Times are of the export."]}
    (tables / "import_report.json").write_text(json.dumps(told), encoding="utf-8")
    report = run(tables)
    assert report.level == "snapshot"
    assert report.notes[0] == "Times are of the export."


def test_only_facts_need_no_contacts_and_no_post_id(tables: Path) -> None:
    posts = "day,customer\n2025-03-01,C1\n2025-03-01,C1\n"
    mapping = (
        'exported_at = 2025-12-31T00:00:00Z\n[outcomes]\noccurred_at = "day"\ncustomer_id = "customer"\n'
        'outcome_type = { constant = "chargeback" }\n'
    )
    report = run(tables, mapping, posts, contacts="", secret=None)
    assert matches(tables)["post_id"].tolist() == ["row 1", "row 2"]
    assert report.rows_out["outcomes"] == 3
    assert report.matching["fields"] == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[outcomes]", "confidence = 0.4\n[outcomes]"), "RR150 .*confidence is 0.4"),
        (("at_least = 0.92\n", ""), "RR150 .*'name' compares by 'similar' and needs at_least"),
        (("m = 0.9\nu = 0.001\n\n[[match]]\nname = \"postcode\"", "block = true\n[[match]]\nname = \"postcode\""),
         "RR150 .*can be a block only with"),
        (('"review"', '"rant"'), "RR150 .*outcome_type cannot be 'rant'"),
        (('"Stars" = "review", ', ""), r"RR152 .*site has 'Stars' \(9 rows\); to \[outcomes.outcome_type.values\] add"),
        (('post = "author"', 'post = "write"'), "RR101 .*has no 'write'; did you mean 'site'"),
        (('post_id = "id"', 'post_id = "views"'), "RR205"),
        (('zone = "Europe/Berlin"', 'zones = "Europe/Berlin"'), "RR150 .*did you mean 'zone'"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_used_is_refused(
    tables: Path, change: tuple[str, str], message: str
) -> None:
    changed = (MAPPING + FIELDS).replace(*change)
    assert changed != MAPPING + FIELDS
    posts = POSTS.replace("P2,2025-03-02,,,Bo@Example.org,,", "P2,2025-03-02,,,Bo@Example.org,500,")
    with pytest.raises(DataError, match=message):
        run(tables, changed, posts)
    assert not (tables.parent / "out").exists()


def test_what_is_not_given_is_named(tables: Path) -> None:
    with pytest.raises(
        ArgumentError, match=r"RR111 .*exported_at is not given, and known_at is empty in 10 rows"
    ):
        run(tables, (MAPPING + FIELDS).replace("exported_at = 2025-12-31T00:00:00Z\n", ""))
    asked = Options(mapping=tables.parent / "mapping.toml", tables=tables)
    with pytest.raises(ArgumentError, match=r"RR111 .*contacts is not given.*'full_name', 'postcode'"):
        import_tables("outcomes", tables.parent / "posts.csv", tables.parent / "out", asked)
    with pytest.raises(DataError, match=r"RR205 .*customers that stand in contacts.csv more than once: 1 "):
        run(tables, contacts=CONTACTS + "C2,Bo Berg,N1\n")
    with pytest.raises(ContractError, match=r"RR203 .*outcomes"):
        run(tables, posts=POSTS.replace("2025-03-04,C1", "2025-02-04,C1"))


def test_too_many_pairs_are_refused_and_a_block_makes_them_few(tables: Path, monkeypatch) -> None:
    monkeypatch.setattr("retaliation_risk.adapters.outcomes._pairs.MOST_PAIRS", 20)
    with pytest.raises(DataError, match="RR155 .*5 posts and 5 customers make 25 pairs, over 20"):
        run(tables)
    blocked = FIELDS.replace('compare = "exact"', 'compare = "exact"\nblock = true')
    run(tables, MAPPING + blocked)
    assert matches(tables).groupby("post_id")["way"].first()[["P6", "P7", "P9"]].tolist() == [
        "probable match", "ambiguous", "no match",
    ]  # fmt: skip


def test_the_whole_way_from_posts_to_a_run(tmp_path: Path) -> None:
    """Take the outcomes of a simulated world away, and give them back through a file of posts with misspelt authors."""
    draw = np.random.default_rng(4)
    frames = dict(simulate(60, seed=1).frames)
    truth = frames.pop("outcomes").reset_index(drop=True)
    write_tables(tables_from_frames(frames), tmp_path / "tables")
    letters = np.array(list("abcdefghiklmnoprstuvz"))
    ids = frames["customers"]["customer_id"].astype(str)
    names = ["".join(draw.choice(letters, 5)) + " " + "".join(draw.choice(letters, 8)) for _ in ids]
    contacts = pd.DataFrame(
        {"customer_id": ids, "full_name": names, "postcode": draw.integers(0, 60, len(ids))}
    )
    contacts.to_csv(tmp_path / "contacts.csv", index=False)
    of = contacts.set_index("customer_id").loc[truth["customer_id"].astype(str)]
    posts = pd.DataFrame({
        "id": [f"P{k}" for k in truth.index],
        "at": truth["occurred_at"], "seen": truth["known_at"], "what": truth["outcome_type"],
        "author": [name[:-1] if draw.random() < 0.3 else name[:3] if draw.random() < 0.1 else name
                   for name in of["full_name"]],
        "place": np.where(draw.random(len(of)) < 0.9, of["postcode"], 99),
    })  # fmt: skip
    posts.to_csv(tmp_path / "posts.csv", index=False)
    (tmp_path / "mapping.toml").write_text(
        '[outcomes]\npost_id = "id"\noccurred_at = "at"\nknown_at = "seen"\noutcome_type = "what"\n'
        '[[match]]\nname = "name"\npost = "author"\ncontact = "full_name"\ncompare = "similar"\nat_least = 0.92\nm = 0.9\n'
        '[[match]]\nname = "postcode"\npost = "place"\ncontact = "postcode"\ncompare = "exact"\nm = 0.9\n',
        encoding="utf-8",
    )
    tables, out = tmp_path / "tables", tmp_path / "out"
    asked = ["import", "outcomes", str(tmp_path / "posts.csv"), "--mapping", str(tmp_path / "mapping.toml")]
    asked += [
        "--tables",
        str(tables),
        "--contacts",
        str(tmp_path / "contacts.csv"),
        "--out",
        str(out),
        "--json",
    ]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    found = pd.read_csv(out / "matching" / "matches.csv")
    joined = found[found["joined"]]
    right = joined["customer_id"].astype(str).to_numpy() == of.index[joined["post_id"].str[1:].astype(int)]
    assert right.mean() >= 0.9
    assert len(joined) > 0.8 * len(posts)
    checked = CliRunner().invoke(main, ["check", str(out)])
    assert checked.exit_code == 0, checked.output
    ran = CliRunner().invoke(
        main, ["run", str(out), "--out", str(tmp_path / "run"), "--models", "rule", "--model", "rule"]
    )
    assert ran.exit_code == 0, ran.output
