"""Warnings of pydicom reach the thread that reads, and nobody else."""

from __future__ import annotations

import threading
import warnings

import pytest

from dcmview.dicom.recording import recorded_warnings


def test_a_warning_is_recorded_in_one_line() -> None:
    with recorded_warnings() as messages:
        warnings.warn("Invalid\n value. Please see <https://example.org> for all", stacklevel=1)
    assert messages == ["Invalid value."]


def test_warnings_are_themselves_again_afterwards() -> None:
    with recorded_warnings():
        pass
    with pytest.raises(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)


def test_the_same_warning_is_recorded_each_time() -> None:
    for _ in range(2):
        with recorded_warnings() as messages:
            warnings.warn("again", stacklevel=1)
        assert messages == ["again"]


def test_recording_within_recording_keeps_apart() -> None:
    with recorded_warnings() as outer:
        with recorded_warnings() as inner:
            warnings.warn("inner", stacklevel=1)
        warnings.warn("outer", stacklevel=1)
    assert (outer, inner) == (["outer"], ["inner"])


def test_each_thread_gets_its_own() -> None:
    both_record = threading.Barrier(2)
    found: dict[str, list[str]] = {}

    def read(name: str) -> None:
        with recorded_warnings() as messages:
            both_record.wait(5)
            for _ in range(100):
                warnings.warn(name, stacklevel=1)
            both_record.wait(5)
        found[name] = messages

    threads = [threading.Thread(target=read, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == {"one": ["one"] * 100, "two": ["two"] * 100}
    with pytest.raises(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)
