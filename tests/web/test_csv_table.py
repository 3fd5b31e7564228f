"""CSV that reads back as it was, with nothing in it that a spreadsheet carries out."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmview.spreadsheet import guarded
from dcmview.web.csv_table import _lines


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1-555", "-1+1", "@SUM(A1)", "\tx", "\rx", "\n=1", "-", "-1\\=1", "＝1", "--5", "+"],
)
def test_what_looks_like_a_formula_gets_an_apostrophe(cell):
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "x", "-1", "-1.5\\2", "+.5", "1e-5", "-1E+5\\-2.", "a=1"])
def test_numbers_and_plain_text_stay_as_they_are(cell):
    assert guarded(cell) == cell


@given(st.lists(st.lists(st.text(), min_size=2, max_size=4), max_size=4))
def test_rows_read_back_as_they_were_but_for_the_apostrophe(rows):
    text = b"".join(_lines(rows)).decode()
    cells = [
        [guarded(cell).encode("utf-8", "backslashreplace").decode() for cell in row] for row in rows
    ]
    assert list(csv.reader(io.StringIO(text, newline=""))) == cells
    assert text.count("\r\n") >= len(rows)
