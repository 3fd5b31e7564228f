"""The tag panel: every element, in its character set, cut where long, never an exception."""

from __future__ import annotations

import json
import struct
import time
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_charset_files, get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.datasets import add_raw, bare, element, groups, image, item, opened, part10
from support.pixel_files import pixel_file_named, pixel_files

from dcmview.dicom.instance import Instance, open_instance
from dcmview.dicom.tagtree import (
    MOST_LEVELS,
    MOST_NODES,
    frame_group_nodes,
    tag_node_at,
    tag_tree,
)
from dcmview.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

Node = dict[str, Any]
UNDEFINED = 0xFFFFFFFF


def node_of(instance: Instance, tag: str) -> Node:
    (node,) = (node for node in tag_tree(instance) if node["tag"] == tag)
    return node


def value_of(tmp_path: Path, tag: int, vr: str, written: bytes) -> Node:
    """The value node of one element that follows another."""
    content = bare(element(0x00080005, "CS", b"ISO_IR 192"), element(tag, vr, written))
    name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    node = node_of(opened(tmp_path, content), name)
    assert node["vr"] == vr
    value: Node = node["value"]
    return value


def string(text: str) -> Node:
    return {"type": "string", "value": text}


@pytest.mark.parametrize(
    ("tag", "vr", "written", "expected"),
    [
        (0x00100010, "PN", "Müller^Änne".encode(), string("Müller^Änne")),
        (0x00080008, "CS", b"ORIGINAL\\PRIMARY ", string("ORIGINAL\\PRIMARY")),
        (0x00080020, "DA", b"20240101", string("20240101")),
        (0x00080030, "TM", b"101112.5", string("101112.5")),
        (0x0008002A, "DT", b"20240101101112", string("20240101101112")),
        (0x00104000, "LT", b"two\r\nlines", string("two\r\nlines")),
        (0x00100040, "CS", b"", string("")),
        (0x00101030, "DS", b"70.5", {"type": "number", "value": 70.5}),
        (0x00201041, "DS", b"1E-3", {"type": "number", "value": 0.001}),
        (0x00200013, "IS", b"12", {"type": "number", "value": 12}),
        (0x00280030, "DS", b"0.5\\0.25 ", {"type": "numbers", "value": [0.5, 0.25]}),
        (0x00280030, "DS", b"", string("")),
        (0x00280030, "DS", b"0.5\\x", string("0.5\\x")),
        (0x00280030, "DS", b"1_0 ", string("1_0")),
        (0x00280010, "US", b"\2\1", {"type": "number", "value": 258}),
        (0x00280120, "SS", b"\xfe\xff", {"type": "number", "value": -2}),
        (0x00189219, "SS", b"\1\0\2\0", {"type": "numbers", "value": [1, 2]}),
        (0x00186020, "SL", b"\xff\xff\xff\xff", {"type": "number", "value": -1}),
        (0x00180091, "UL", b"", string("")),
        (0x00720076, "FL", struct.pack("<f", 0.1), {"type": "number", "value": 0.1}),
        (0x00720074, "FD", struct.pack("<d", 0.1), {"type": "number", "value": 0.1}),
        (0x00720074, "FD", struct.pack("<d", float("nan")), {"type": "number", "value": "nan"}),
        (
            0x00720074,
            "FD",
            struct.pack("<2d", 1, float("-inf")),
            {"type": "numbers", "value": [1.0, "-inf"]},
        ),
        (0x00280009, "AT", b"\x18\0\x63\x10", string("(0018,1063)")),
        (0x00280009, "AT", b"\x18\0\x63\x10\x54\0\1\0", string("(0018,1063)\\(0054,0001)")),
        (0x00282000, "OB", b"icc!", {"type": "binary", "length": 4}),
        (0x00110001, "UN", b"abcd", {"type": "binary", "length": 4}),
    ],
)
def test_each_vr_has_its_form(
    tmp_path: Path, tag: int, vr: str, written: bytes, expected: Node
) -> None:
    assert value_of(tmp_path, tag, vr, written) == expected


def test_the_tree_begins_with_group_2_and_ends_with_the_pixel_data(tmp_path: Path) -> None:
    tree = tag_tree(opened(tmp_path, image(2, 3)))
    assert [node["tag"][:6] for node in tree[:3]] == ["(0002,"] * 3
    assert tree[-1] == {
        "tag": "(7FE0,0010)",
        "vr": "OW",
        "keyword": "PixelData",
        "value": {"type": "binary", "length": 12},
    }
    tags = [node["tag"] for node in tree]
    assert tags == sorted(tags)


def test_a_node_has_its_keyword(tmp_path: Path) -> None:
    assert node_of(opened(tmp_path, image()), "(0028,0010)") == {
        "tag": "(0028,0010)",
        "vr": "US",
        "keyword": "Rows",
        "value": {"type": "number", "value": 2},
    }


def test_private_elements_have_the_names_that_are_known(tmp_path: Path) -> None:
    content = bare(
        element(0x00090010, "LO", b"GEMS_IDEN_01"),
        element(0x00091002, "SH", b"CT01"),
        element(0x00091099, "LO", b"secret"),
        element(0x00110001, "LO", b"no creator"),
    )
    nodes = [node for node in tag_tree(opened(tmp_path, content)) if node["tag"] > "(0008"]
    assert [node["keyword"] for node in nodes] == ["PrivateCreator", "Suite id", "", ""]
    assert [node.get("creator") for node in nodes] == [None, "GEMS_IDEN_01", "GEMS_IDEN_01", None]


def test_uids_of_the_standard_have_their_names(tmp_path: Path) -> None:
    instance = opened(tmp_path, image(SOPClassUID=uid.CTImageStorage, StudyInstanceUID="1.2.3"))
    assert node_of(instance, "(0008,0016)")["meaning"] == "CT Image Storage"
    assert "meaning" not in node_of(instance, "(0020,000D)")


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_the_encoding_makes_no_difference(tmp_path: Path, syntax: str) -> None:
    def dataset() -> Dataset:
        made = image(PixelRepresentation=1, WindowCenter=[1, 2], WindowWidth=[3, 4])
        made.add_new("PixelPaddingValue", "SS", -2000)
        made.add_new("FrameIncrementPointer", "AT", [0x00181063, 0x00540010])
        made.ReferencedImageSequence = item(ReferencedSOPInstanceUID="1.2", PatientName="A^B")
        return made

    one = tag_tree(opened(tmp_path, dataset()))
    other = tag_tree(opened(tmp_path, part10(dataset(), syntax)))

    def of_data_set(tree: list[Node]) -> list[Node]:
        return [node for node in tree if not node["tag"].startswith("(0002")]

    assert of_data_set(other) == of_data_set(one)


def test_a_number_array_is_cut_after_64(tmp_path: Path) -> None:
    dataset = Dataset()
    dataset.SOPClassUID = uid.RawDataStorage
    dataset.add_new("SelectorUSValue", "US", list(range(1000)))
    dataset.add_new("SelectorDSValue", "DS", [str(number) for number in range(1000)])
    instance = opened(tmp_path, dataset)
    for tag in ("(0072,007A)", "(0072,0072)"):
        assert node_of(instance, tag)["value"] == {
            "type": "numbers",
            "value": list(range(64)),
            "truncated": True,
            "total": 1000,
        }
        path = tag.strip("()").replace(",", "")
        part = tag_node_at(instance, path, offset=990, limit=100)["value"]
        assert part == {
            "type": "numbers",
            "value": list(range(990, 1000)),
            "truncated": True,
            "total": 1000,
        }


def test_text_is_cut_after_1024_characters(tmp_path: Path) -> None:
    text = "ä" * 3000
    dataset = image(SpecificCharacterSet="ISO_IR 192", PatientComments=text)
    instance = opened(tmp_path, dataset)
    value = node_of(instance, "(0010,4000)")["value"]
    assert value == {"type": "string", "value": text[:1024], "truncated": True, "total": 3000}
    part = tag_node_at(instance, "00104000", offset=2990, limit=1000)["value"]
    assert part["value"] == text[2990:]
    whole = tag_node_at(instance, "00104000", offset=0, limit=5000)["value"]
    assert whole == {"type": "string", "value": text}


def test_a_very_long_text_is_decoded_on_request(tmp_path: Path) -> None:
    text = "ä" * 600_000
    content = bare(
        element(0x00080005, "CS", b"ISO_IR 192"), element(0x0040A160, "UT", text.encode())
    )
    instance = opened(tmp_path, content)
    value = node_of(instance, "(0040,A160)")["value"]
    assert (value["value"], value["truncated"]) == (text[:1024], True)
    whole = tag_node_at(instance, "0040A160", offset=599_990, limit=1000)["value"]
    assert (whole["value"], whole["total"]) == ("ä" * 10, 600_000)


def test_a_sequence_is_cut_after_100_items(tmp_path: Path) -> None:
    parts = []
    for number in range(150):
        part = Dataset()
        part.ReferencedFrameNumber = number
        parts.append(part)
    instance = opened(tmp_path, image(ReferencedImageSequence=Sequence(parts)))
    value = node_of(instance, "(0008,1140)")["value"]
    assert (len(value["items"]), value["truncated"], value["total"]) == (100, True, 150)
    value = tag_node_at(instance, "00081140", offset=140, limit=100)["value"]
    assert [nodes[0]["value"]["value"] for nodes in value["items"]] == list(range(140, 150))


def nested(levels: int) -> Dataset:
    dataset = Dataset()
    dataset.PatientID = str(levels)
    if levels:
        dataset.ContentSequence = Sequence([nested(levels - 1)])
    return dataset


def test_levels_below_32_are_counted_and_not_shown(tmp_path: Path) -> None:
    nodes = tag_tree(opened(tmp_path, image(ContentSequence=Sequence([nested(40)]))))
    depth = 0
    while True:
        (node,) = (node for node in nodes if node["tag"] == "(0040,A730)")
        value = node["value"]
        if not value["items"]:
            break
        (nodes,) = value["items"]
        depth += 1
    assert depth == MOST_LEVELS
    assert value == {"type": "sequence", "items": [], "truncated": True, "total": 1}


def test_a_path_leads_into_items(tmp_path: Path) -> None:
    path = get_testdata_file("rtplan.dcm", download=False)
    assert path is not None
    instance = open_instance(path)
    expected = pydicom.dcmread(path).BeamSequence[0].ControlPointSequence[1]
    node = tag_node_at(instance, "300A00B0/0/300A0111/1/300A0134", offset=0, limit=10)
    assert node["keyword"] == "CumulativeMetersetWeight"
    assert node["value"] == {"type": "number", "value": float(expected.CumulativeMetersetWeight)}


def test_paths_lead_to_meta_information_and_pixel_data(tmp_path: Path) -> None:
    instance = opened(tmp_path, image())
    meta = tag_node_at(instance, "00020010", offset=0, limit=100)
    assert meta["value"] == string(uid.ExplicitVRLittleEndian)
    pixels = tag_node_at(instance, "7fe00010", offset=0, limit=100)
    assert pixels["value"] == {"type": "binary", "length": 12}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "Rows",
        "0028001",
        "0x280010",
        "00280011/0/00280010",
        "00081140/0",
        "00081140/1/00081155",
        "00081140/-1/00081155",
        "00081140/x/00081155",
        "00081140/00081155",
        "99999999",
        "../../etc",
    ],
)
def test_a_path_that_leads_nowhere_is_not_found(tmp_path: Path, path: str) -> None:
    dataset = image(ReferencedImageSequence=item(ReferencedSOPInstanceUID="1.2"))
    with pytest.raises(NotFound):
        tag_node_at(opened(tmp_path, dataset), path, offset=0, limit=1)


def test_functional_groups_are_those_of_all_frames_and_of_the_one_asked_for(tmp_path: Path) -> None:
    instance = opened(
        tmp_path,
        image(
            SharedFunctionalGroupsSequence=groups(
                {"PixelMeasuresSequence": item(SliceThickness="2")}
            ),
            PerFrameFunctionalGroupsSequence=groups(
                *({"PlanePositionSequence": item(TemporalPositionIndex=n)} for n in (7, 8))
            ),
        ),
    )
    shared, per_frame = frame_group_nodes(instance, 1)
    assert [node["keyword"] for node in shared] == ["PixelMeasuresSequence"]
    assert shared[0]["value"]["items"][0][0]["value"] == {"type": "number", "value": 2}
    assert [node["keyword"] for node in per_frame] == ["PlanePositionSequence"]
    assert per_frame[0]["value"]["items"][0][0]["value"] == {"type": "number", "value": 8}
    path = "52009230/1/00209113/0/00209128"
    assert tag_node_at(instance, path, offset=0, limit=1) == per_frame[0]["value"]["items"][0][0]


def test_a_file_or_frame_without_functional_groups_has_none(tmp_path: Path) -> None:
    assert frame_group_nodes(opened(tmp_path, image()), 0) == ([], [])
    one = image(
        PerFrameFunctionalGroupsSequence=groups({"PlanePositionSequence": item(PatientID="1")})
    )
    assert frame_group_nodes(opened(tmp_path, one), 1) == ([], [])


# Character sets


def test_names_with_three_groups_are_whole() -> None:
    (path,) = get_charset_files("chrH31.dcm")
    node = node_of(open_instance(path), "(0010,0010)")
    assert node["value"] == string("Yamada^Tarou=山田^太郎=やまだ^たろう")


def test_items_have_their_own_character_set() -> None:
    (path,) = get_charset_files("chrSQEncoding.dcm")
    value = node_of(open_instance(path), "(0032,1064)")["value"]
    names = [node for node in value["items"][0] if node["tag"] == "(0010,0010)"]
    assert names[0]["value"] == string("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう")


def test_items_inherit_the_character_set() -> None:
    (path,) = get_charset_files("chrSQEncoding1.dcm")
    value = node_of(open_instance(path), "(0032,1064)")["value"]
    names = [node for node in value["items"][0] if node["tag"] == "(0010,0010)"]
    assert names[0]["value"] == string("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう")


# What is wrong stays where it is


def test_an_element_that_cannot_be_read_leaves_the_others_alone(tmp_path: Path) -> None:
    content = bare(
        element(0x00100020, "LO", b"ID"),
        element(0x00101030, "XX", b"abcd"),
        element(0x00280010, "US", b"\1\2\3"),
        element(0x00280011, "US", b"\3\0"),
    )
    tree = {node["tag"]: node["value"] for node in tag_tree(opened(tmp_path, content))}
    assert tree["(0010,0020)"] == string("ID")
    assert tree["(0010,1030)"]["type"] == "error"
    assert tree["(0028,0010)"] == {
        "type": "error",
        "message": "3 bytes are no whole number of values",
    }
    assert tree["(0028,0011)"] == {"type": "number", "value": 3}


def test_text_that_json_cannot_hold_is_shown_as_what_it_is() -> None:
    dataset = add_raw(Dataset(), "PatientID", "LO", b"x")
    dataset["PatientID"].value = "a\udc80b"
    instance = open_instance(str(pixel_file_named("CT_small.dcm")))
    dataset.file_meta = instance.dataset.file_meta
    instance.dataset = dataset
    (node, *_) = (node for node in tag_tree(instance) if node["tag"] == "(0010,0020)")
    assert node["value"] == string("a\\udc80b")
    json.dumps(node, ensure_ascii=False).encode()


@pytest.mark.parametrize("path", pixel_files(), ids=lambda path: path.name)
def test_every_real_file_gives_a_tree_without_errors(path: Path) -> None:
    def errors(nodes: list[Node]) -> list[Node]:
        found = [node for node in nodes if node["value"]["type"] == "error"]
        for node in nodes:
            for part in node["value"].get("items", ()):
                found.extend(errors(part))
        return found

    tree = tag_tree(open_instance(str(path)))
    assert errors(tree) == []
    json.dumps(tree, allow_nan=False)


def test_a_million_values_cost_no_more_than_those_shown(tmp_path: Path) -> None:
    million = 1_000_000
    content = part10(image(), uid.ImplicitVRLittleEndian)
    begin = content.index(b"\x08\0\x16\0")
    flood = b"".join(
        struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value
        for tag, value in (
            (0x00080060, b"MR"),
            (0x00081140, b"\xfe\xff\x00\xe0\0\0\0\0" * million),
            (0x00280009, b"\x18\0\x63\x10" * million),
            (0x00720072, b"1\\" * million),
            (0x0072007A, b"\1\0" * million),
        )
    )
    instance = opened(tmp_path, content[:begin] + flood)
    before = time.process_time()
    tree = {node["tag"]: node["value"] for node in tag_tree(instance)}
    assert time.process_time() - before < 2
    assert len(tree["(0008,1140)"]["items"]) == 100
    assert tree["(0028,0009)"]["total"] == 12 * million - 1
    assert tree["(0072,0072)"]["total"] == million + 1
    assert tree["(0072,007A)"]["total"] == million


def test_a_tree_has_its_most_nodes(tmp_path: Path) -> None:
    inner = element(0x00100020, "LO", b"ID")
    for level in range(3):  # 50 items on each of 3 levels are 127,550 elements
        part = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(inner)) + inner
        inner = element(0x00081140 + level, "SQ", part * 50)
    instance = opened(tmp_path, bare(inner))

    def count(nodes: list[Node]) -> int:
        return len(nodes) + sum(
            count(part) for node in nodes for part in node["value"].get("items", ())
        )

    assert MOST_NODES - 1000 <= count(tag_tree(instance)) <= MOST_NODES + 1000


def test_a_sequence_of_undefined_length_is_read(tmp_path: Path) -> None:
    inner = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + element(0x00081155, "UI", b"1.2\0")
    inner += b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    content = bare(element(0x00081140, "SQ", inner, UNDEFINED), element(0x00100020, "LO", b"ID"))
    value = node_of(opened(tmp_path, content), "(0008,1140)")["value"]
    assert value["items"][0][0]["value"] == string("1.2")
