"""For all tests: ``--hypothesis-profile=thorough`` tries very many examples of properties."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
settings.register_profile("thorough", max_examples=10_000, deadline=None)


@pytest.fixture
def heard():
    """Ctrl+C is heard, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
