"""Damaged codestreams cost their own frame, and nothing else."""

from __future__ import annotations

import codec_mutants
import pytest

MUTANTS = 3_000


@pytest.fixture(scope="module")
def seeds():
    return codec_mutants.seeds(codec_mutants.default_folders())


def test_every_codec_has_a_seed(seeds):
    assert {seed.codec for seed in seeds} >= {"jpeg", "jpeg_ls", "jpeg_2000", "htj2k", "rle"}


def test_a_mutant_is_made_from_its_number_alone(seeds):
    assert codec_mutants.mutant(1234, seeds) == codec_mutants.mutant(1234, seeds)


def test_three_thousand_mutants_end_no_server_and_harm_no_healthy_frame(seeds):
    findings = codec_mutants.run(seeds, range(MUTANTS))
    assert findings.outcomes.total() == MUTANTS
    assert (findings.bugs, findings.late, findings.unhealthy) == ([], [], [])
    # Damage there was: neither all refused nor all shown.
    assert 0 < findings.outcomes["shown"] < MUTANTS
    assert findings.outcomes["refused: decode_failed"] > 0
    assert findings.outcomes["shown, marked truncated"] > 0
