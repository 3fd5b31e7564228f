"""How many examples property tests look at: ``--hypothesis-profile=thorough`` for very many."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
settings.register_profile("thorough", max_examples=10_000, deadline=None)
