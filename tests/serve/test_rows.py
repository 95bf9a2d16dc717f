"""A row at a time is read and refused as the tables' door reads and refuses many."""

import pandas as pd
import pytest

from retaliation_risk.errors import ContractError
from retaliation_risk.serve.rows import iso, read_row
from retaliation_risk.tables import CONTRACT, tables_from_frames

GOOD = {"ticket_id": "T", "customer_id": "C1", "opened_at": "2025-03-01T10:00:00Z"}
ODD = [
    *({"severity": value} for value in ("1", 5, "5.0", "4.5", 0, 6, "x", " 3 ", "")),
    *({"is_complaint": value} for value in ("true", "No", "1", "maybe", "2", "")),
    *(
        {"opened_at": value}
        for value in (
            "2025-03-01", "2025-03-01 10:00", "2025-03-01T10:00:00.1234569Z", "2025-03-01T10:00+02:00",
            "2025-03-01T10:00:00-0330", "2025-03-01 10:00:00 UTC", "2025-13-01", "01/03/2025", "", "0999-01-01", "now",
        )
    ),
    *({"channel": value} for value in ("phone", "", "tele phone")),
]  # fmt: skip


@pytest.fixture(scope="module")
def both():
    """The rows through both doors: those that are kept, and the codes of those refused."""
    rows = [GOOD | odd | {"ticket_id": f"T{number:02}"} for number, odd in enumerate(ODD)]
    customers = pd.DataFrame({"customer_id": ["C1"], "first_seen_at": ["2020-01-01"]})
    with pytest.raises(ContractError) as refused:
        tables_from_frames({"customers": customers, "tickets": pd.DataFrame(rows, dtype=object)})
    codes = {
        (name, each.code)
        for each in refused.value.problems
        if each.level == "error"
        for name in each.examples
    }
    good = [row for row in rows if row["ticket_id"] not in {name for name, _ in codes}]
    kept = tables_from_frames({"customers": customers, "tickets": pd.DataFrame(good, dtype=object)})
    return rows, codes, kept.frame("tickets").set_index("ticket_id")


def test_both_doors_refuse_the_same_cells_for_the_same_reasons(both):
    rows, codes, _ = both
    ours = set()
    for row in rows:
        try:
            read_row("tickets", row)
        except ContractError as error:
            ours |= {(row["ticket_id"], each.code) for each in error.problems}
    assert ours == codes
    assert len({code for _, code in codes}) == 3


def test_both_doors_read_the_same_values(both):
    rows, _, kept = both
    for row in rows:
        if row["ticket_id"] not in kept.index:
            continue
        ours = dict(zip(CONTRACT["tickets"].names, read_row("tickets", row), strict=True))
        theirs = kept.loc[row["ticket_id"]]
        assert pd.Timestamp(iso(ours["opened_at"])).tz_localize(None) == theirs["opened_at"]
        for name in ("channel", "is_complaint", "severity"):
            assert ours[name] == theirs[name] or (ours[name] is None and pd.isna(theirs[name]))
