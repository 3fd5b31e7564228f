"""The byte-bounded cache: what it keeps, and one computation per key."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dcmview.cache import ByteCache, Interests


def test_cache_gives_a_kept_value_without_computing_again():
    cache: ByteCache[str, bytes] = ByteCache(10, len)
    assert cache.get_or_compute("a", lambda: b"12345") == (b"12345", False)
    assert cache.get_or_compute("a", lambda: b"other") == (b"12345", True)


def test_cache_drops_the_value_used_longest_ago_when_bytes_run_out():
    cache: ByteCache[str, bytes] = ByteCache(10, len)
    for key in "ab":
        cache.get_or_compute(key, lambda: b"12345")
    cache.get_or_compute("a", lambda: b"")
    cache.get_or_compute("c", lambda: b"12345")
    assert cache.get_or_compute("a", lambda: b"new")[1] is True
    assert cache.get_or_compute("b", lambda: b"new")[1] is False


def test_cache_hands_out_a_value_larger_than_itself_and_evicts_nothing_for_it():
    cache: ByteCache[str, bytes] = ByteCache(10, len)
    cache.get_or_compute("small", lambda: b"12345")
    assert cache.get_or_compute("huge", lambda: bytes(11)) == (bytes(11), False)
    assert cache.get_or_compute("small", lambda: b"")[1] is True


def test_cache_computes_a_key_once_for_all_who_wait():
    cache: ByteCache[str, bytes] = ByteCache(10, len)
    started, release = threading.Event(), threading.Event()
    computations = []

    def compute() -> bytes:
        computations.append(1)
        started.set()
        release.wait(5)
        return b"value"

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(cache.get_or_compute, "k", compute)
        assert started.wait(5)
        others = [pool.submit(cache.get_or_compute, "k", compute) for _ in range(3)]
        release.set()
        assert [future.result(5)[0] for future in (first, *others)] == [b"value"] * 4
    assert len(computations) == 1


def test_cache_raises_an_error_to_the_caller_and_tries_again_next_time():
    cache: ByteCache[str, bytes] = ByteCache(10, len)

    def fail() -> bytes:
        raise ValueError("bad frame")

    with pytest.raises(ValueError, match="bad frame"):
        cache.get_or_compute("k", fail)
    assert cache.get_or_compute("k", lambda: b"good") == (b"good", False)


def test_whoever_comes_later_keeps_a_computation_wanted():
    interests: Interests[str] = Interests()
    first_is_gone = False
    with interests.of("frame", lambda: not first_is_gone) as is_wanted:
        assert is_wanted()
        with interests.of("frame", lambda: True):
            first_is_gone = True
            assert is_wanted()
        assert not is_wanted()
    with interests.of("frame", lambda: False) as is_wanted:
        assert not is_wanted()
