"""A short turn of the fuzzer for every reader, and every finding so far."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.strategies import damaged
from tests.fuzz.targets import TARGETS, seed, survive


@pytest.mark.parametrize("name", TARGETS)
def test_sound_input_is_read(name):
    assert survive(name, seed(name))


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
