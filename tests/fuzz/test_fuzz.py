"""A short turn of the fuzzer for every reader, and every finding so far."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.strategies import damaged
from tests.fuzz.targets import TARGETS, seed, survive


@pytest.mark.parametrize("name", TARGETS)
def test_sound_input_is_read(name):
    assert survive(name, seed(name))


@pytest.mark.parametrize("header", [b"number,cal\rler_id,opened_at", b"number," + 200_000 * b"x"])
@pytest.mark.parametrize("name", ["import/servicenow", "tables/tickets"])
def test_a_header_that_is_no_line_or_never_ends_is_refused_in_words(name, header):
    assert not survive(name, header + b"\nINC1,2,29/2/2016 01:16\n")


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_input_is_read_or_refused_in_words(name):
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(seed(name)))
    def examples(content):
        survive(name, content)

    examples()
