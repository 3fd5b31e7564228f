from __future__ import annotations

import base64
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dcmview.rendering.numbers import base64_text, number_array

KINDS = ("u1", "i1", "u2", "i2", "u4", "i4")


@given(st.sampled_from(KINDS).flatmap(lambda kind: arrays(kind, array_shapes(max_dims=3))))
def test_whole_numbers_are_what_another_reader_of_json_reads(values):
    assert json.loads(number_array(values)) == values.reshape(-1).tolist()


def test_many_samples_in_several_pieces_are_one_array(monkeypatch):
    monkeypatch.setattr("dcmview.rendering.numbers._CHUNK_SAMPLES", 7)
    values = np.arange(-500, 500, dtype=np.int16)
    assert json.loads(number_array(values)) == list(range(-500, 500))


def test_fractions_keep_every_bit_and_what_is_no_number_is_null():
    values = np.array([0.1, 1 / 3, np.nan, np.inf, -np.inf, 1e300])
    assert json.loads(number_array(values)) == [0.1, 1 / 3, None, None, None, 1e300]


@given(st.sampled_from((*KINDS, ">u2", ">i4", "f4")))
def test_base64_holds_the_little_endian_bytes(kind):
    values = np.arange(5).astype(kind)
    content = base64.b64decode(json.loads(base64_text(values)))
    assert np.frombuffer(content, np.dtype(kind).newbyteorder("<")).tolist() == [0, 1, 2, 3, 4]
