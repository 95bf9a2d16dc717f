"""The declaration holds together."""

import pytest

from retaliation_risk import tables
from retaliation_risk.tables.contract import CONTRACT, DEFAULTS, KINDS

EVERY_TABLE = pytest.mark.parametrize("table", CONTRACT.values(), ids=CONTRACT)


@EVERY_TABLE
def test_column_names_are_unique(table):
    assert len(set(table.names)) == len(table.names)


@EVERY_TABLE
def test_key_is_a_required_id(table):
    by_name = {column.name: column for column in table.columns}
    assert table.key is None or (by_name[table.key].required and by_name[table.key].kind == "id")


@EVERY_TABLE
def test_parents_exist_and_have_a_key(table):
    assert all(CONTRACT[column.parent].key for column in table.columns if column.parent)


@EVERY_TABLE
def test_columns_are_of_a_kind_and_say_what_they_hold(table):
    for column in table.columns:
        assert column.kind in KINDS
        assert column.about
        assert column.kind != "time" or column.about.startswith("UTC")
        assert (column.low is None and column.high is None) or column.kind in ("int", "float")
        assert not column.allowed or column.kind == "str"


@EVERY_TABLE
def test_defaults_fill_optional_columns_from_the_same_row(table):
    for column in table.columns:
        if column.name in DEFAULTS:
            assert not column.required
            assert DEFAULTS[column.name] in (*table.names, "true", "false")


def test_the_room_shows_what_it_says():
    assert set(tables.__all__) <= set(dir(tables))
    assert tables.__all__ == sorted(tables.__all__)
