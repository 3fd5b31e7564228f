"""EMBED ROI tables: what is read, what ends the start, what is written."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmview.annotations.rectangle import Rectangle
from dcmview.annotations.roi import rectangles as boxes_of
from dcmview.annotations.roi_csv import write_roi_csv
from dcmview.errors import StartError
from dcmview.exchange.readers import read_table_file

HEADER = "anon_dicom_path,num_ROI,ROI_coords,ROI_frames\n"


@pytest.fixture
def read(tmp_path):
    def read(text: str):
        path = tmp_path / "rois.csv"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return read_table_file(str(path))

    return read


def test_row_gives_boxes_with_their_frames(read):
    (row,) = read(HEADER + '/data/a.dcm,2,"[[1,2,3,4],[5,6,7,8]]","[[0,1],[]]"\n').rows
    assert boxes_of(row.rois) == (Rectangle(1, 2, 3, 4, (0, 1)), Rectangle(5, 6, 7, 8))
    assert (row.place, row.path) == ("row 2", "/data/a.dcm")


def test_optional_columns_may_be_absent_or_empty(read):
    table = read('anon_dicom_path,ROI_coords\na.dcm,"[[1,2,3,4]]"\n')
    assert boxes_of(table.rows[0].rois) == (Rectangle(1, 2, 3, 4),)
    assert read(HEADER + 'a.dcm,,"[[1,2,3,4]]",\n').rows[0].rois[0].frames == "all"


def test_byte_order_mark_of_a_spreadsheet_is_no_part_of_the_header(read):
    assert len(read("\ufeff" + HEADER + "a.dcm,0,[],[]\n").rows) == 1


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("path,ROI_coords\n", 1, "anon_dicom_path"),
        ("anon_dicom_path,num_ROI\n", 1, "ROI_coords"),
        (HEADER + 'a.dcm,1,"[[1,2,3,4]",[]\n', 2, "ROI_coords"),
        (HEADER + "a.dcm,1,7,[]\n", 2, "ROI_coords"),
        (HEADER + 'a.dcm,1,"[[1,2,3]]",[]\n', 2, "ROI_coords"),
        (HEADER + 'a.dcm,0,[],[]\nb.dcm,2,"[[1,2,3,4]]",[]\n', 3, "num_ROI"),
        (HEADER + 'a.dcm,1,"[[1,2,3,4]]","[[0],[1]]"\n', 2, "ROI_frames"),
        (HEADER + 'a.dcm,1,"[[1,2,3,4]]",nonsense\n', 2, "ROI_frames"),
        (HEADER + ',1,"[[1,2,3,4]]",[]\n', 2, "anon_dicom_path"),
    ],
)
def test_wrong_row_ends_the_start_naming_row_and_column(read, text, row, column):
    with pytest.raises(StartError) as caught:
        read(text)
    assert f"row {row}" in caught.value.message
    assert column in caught.value.message


def test_missing_table_is_one_clear_line():
    with pytest.raises(StartError, match=r"cannot read ROI table /nowhere\.csv: No such file"):
        read_table_file("/nowhere.csv")


def test_export_is_sorted_compact_and_quoted_only_where_needed():
    text = write_roi_csv(
        [
            ("/b.dcm", [Rectangle(1, 2, 3, 4)]),
            ("/a,x.dcm", [Rectangle(0.5, 1, 2, 3, (0, 4))]),
            ("/c.dcm", []),
        ]
    )
    assert text == (
        "anon_dicom_path,num_ROI,ROI_coords,ROI_frames\n"
        '"/a,x.dcm",1,"[[0.5,1,2,3]]","[[0,4]]"\n'
        '/b.dcm,1,"[[1,2,3,4]]",[[]]\n'
    )


number = st.integers(0, 10_000) | st.floats(0, 1e4, allow_nan=False)
frame_lists = st.lists(st.integers(0, 500), unique=True).map(sorted).map(tuple)


@st.composite
def rectangles(draw):
    ymin, ymax = sorted(draw(st.lists(number, min_size=2, max_size=2, unique=True)))
    xmin, xmax = sorted(draw(st.lists(number, min_size=2, max_size=2, unique=True)))
    return Rectangle(ymin, xmin, ymax, xmax, draw(frame_lists))


@given(boxes=st.lists(rectangles(), min_size=1, max_size=4))
def test_export_read_again_gives_the_same_boxes(tmp_path_factory, boxes):
    path = tmp_path_factory.mktemp("rois") / "export.csv"
    path.write_text(write_roi_csv([("/données/a b\udce9.dcm", boxes)]), errors="surrogateescape")
    (row,) = read_table_file(str(path)).rows
    assert (row.path, boxes_of(row.rois)) == ("/données/a b\udce9.dcm", tuple(boxes))


def test_large_cell_is_read(read):
    boxes = [[0, 0, 1, n + 1] for n in range(20_000)]
    out = io.StringIO()
    csv.writer(out).writerow(("a.dcm", len(boxes), str(boxes), ""))
    assert len(read(HEADER + out.getvalue()).rows[0].rois) == 20_000
