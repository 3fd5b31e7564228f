"""How many examples property tests look at: ``--hypothesis-profile=thorough`` for very many."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("thorough", max_examples=10_000, deadline=None)
