"""Search in tags: names, numbers and whole values, nested and private, with parents."""

from __future__ import annotations

import struct
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from support.datasets import bare, element, image, item, opened

from dcmview.dicom.tagsearch import MOST_HITS, TagHits, search_tags
from dcmview.dicom.tagwalk import WalkBudget
from dcmview.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

Node = dict[str, Any]


def search(folder: Path, content: Dataset | bytes, query: str, elements: int = 10**6) -> TagHits:
    budget = WalkBudget(elements, 60, lambda: True)
    return search_tags(opened(folder, content), query, budget)


def hit_keywords(nodes: list[Node]) -> list[str]:
    found = []
    for node in nodes:
        found += [node["keyword"]] * node.get("hit", False)
        for part in node["value"].get("items", ()):
            found += hit_keywords(part)
    return found


@pytest.mark.parametrize(
    "query",
    [
        "BitsStored",
        "bits stored",
        "STORED bits",
        "0028,0101",
        "(0028,0101)",
        "(0028, 0101)",
        "00280101",
        "0x00280101",
        "bitsstored 12",
        "stored vr:US",
    ],
)
def test_an_element_is_found_by_name_tag_and_value(tmp_path: Path, query: str) -> None:
    found = search(tmp_path, image(BitsStored=12, HighBit=11), query)
    assert hit_keywords(found.nodes) == ["BitsStored"]
    (node,) = found.nodes
    assert node == {
        "tag": "(0028,0101)",
        "vr": "US",
        "keyword": "BitsStored",
        "value": {"type": "number", "value": 12},
        "hit": True,
    }
    assert (found.hits, found.truncated) == (1, False)


@pytest.mark.parametrize("query", ["bitsstored 13", "bits stored vr:SS", "00280102 stored", "zzz"])
def test_all_words_must_be_there(tmp_path: Path, query: str) -> None:
    assert search(tmp_path, image(BitsStored=12, HighBit=11), query) == TagHits(0, False, [])


def test_the_name_of_the_standard_is_searched_with_and_without_its_apostrophe(
    tmp_path: Path,
) -> None:
    dataset = image(PatientName="Doe^Jane")
    for query in ("patient's name", "patients name"):
        assert hit_keywords(search(tmp_path, dataset, query).nodes) == ["PatientName"]


def test_parents_are_kept_and_say_which_items_they_show(tmp_path: Path) -> None:
    parts = []
    for number in range(150):
        part = Dataset()
        part.ReferencedSOPClassUID = "1.2"
        part.ReferencedSOPInstanceUID = f"9.8.{number}"
        parts.append(part)
    dataset = image(ReferencedSeriesSequence=item(ReferencedInstanceSequence=Sequence(parts)))
    found = search(tmp_path, dataset, "9.8.140")
    (series,) = found.nodes
    assert (series["keyword"], "hit" in series) == ("ReferencedSeriesSequence", False)
    assert (series["value"]["total"], series["value"]["item_indices"]) == (1, [0])
    ((instances,),) = series["value"]["items"]
    assert (instances["value"]["total"], instances["value"]["item_indices"]) == (150, [140])
    assert hit_keywords(found.nodes) == ["ReferencedSOPInstanceUID"]


def test_a_sequence_that_is_found_holds_the_elements_that_are_found_inside(tmp_path: Path) -> None:
    inner = item(ReferencedSOPInstanceUID="1.2", PatientID="3")
    found = search(tmp_path, image(ReferencedImageSequence=inner), "referenced")
    (node,) = found.nodes
    assert node["hit"] is True
    assert node["value"]["item_indices"] == [0]
    assert [each["keyword"] for each in node["value"]["items"][0]] == ["ReferencedSOPInstanceUID"]
    assert found.hits == 2


def test_private_elements_are_found_by_name_and_value(tmp_path: Path) -> None:
    content = bare(
        element(0x00090010, "LO", b"GEMS_IDEN_01"),
        element(0x00091002, "SH", b"CT01"),
        element(0x00091099, "LO", b"hidden"),
    )
    for query, tag in (
        ("suite", "(0009,1002)"),
        ("hidden", "(0009,1099)"),
        ("gems", "(0009,0010)"),
    ):
        assert [node["tag"] for node in search(tmp_path, content, query).nodes] == [tag]
    (hidden,) = search(tmp_path, content, "hidden").nodes
    assert hidden["creator"] == "GEMS_IDEN_01"


def test_a_word_behind_what_is_shown_is_found_and_shown(tmp_path: Path) -> None:
    text = "x " * 1000 + "needle" + " y" * 2000
    value = search(tmp_path, image(PatientComments=text), "needle").nodes[0]["value"]
    assert value["value"] == text[value["offset"] : value["offset"] + 1024]
    assert "needle" in value["value"]
    assert (value["truncated"], value["total"]) == (True, len(text))


def test_a_number_behind_what_is_shown_is_found_and_shown(tmp_path: Path) -> None:
    numbers = b"".join(struct.pack("<H", number) for number in range(10_000, 11_000))
    content = bare(
        element(0x0072007A, "US", numbers),
        element(0x00720072, "DS", "\\".join(str(n) for n in range(10_000, 11_000)).encode()),
    )
    found = search(tmp_path, content, "10777")
    assert [node["keyword"] for node in found.nodes] == ["SelectorDSValue", "SelectorUSValue"]
    for node in found.nodes:
        value = node["value"]
        assert value["value"][0] == 10_000 + value["offset"]
        assert 10_777 in value["value"]
        assert value["total"] == 1000


def test_meta_information_and_pixel_data_are_searched(tmp_path: Path) -> None:
    assert hit_keywords(search(tmp_path, image(), "transfer syntax").nodes) == ["TransferSyntaxUID"]
    (pixels,) = search(tmp_path, image(), "7fe0,0010").nodes
    assert pixels["value"] == {"type": "binary", "length": 12}


def test_hits_are_bounded(tmp_path: Path) -> None:
    parts = b"".join(
        b"\xfe\xff\x00\xe0" + struct.pack("<L", 12) + element(0x00081160, "IS", b"1234")
        for _ in range(MOST_HITS + 1)
    )
    found = search(tmp_path, bare(element(0x00081140, "SQ", parts)), "1234")
    assert (found.hits, found.truncated) == (MOST_HITS, True)
    assert len(hit_keywords(found.nodes)) == MOST_HITS


def test_a_search_that_is_ended_by_its_budget_says_so(tmp_path: Path) -> None:
    dataset = image(PatientID="needle")
    assert search(tmp_path, dataset, "needle", elements=4) == TagHits(0, True, [])


def test_a_search_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    parts = b"\xfe\xff\x00\xe0\0\0\0\0" * 1000
    instance = opened(tmp_path, bare(element(0x00081140, "SQ", parts)))
    with pytest.raises(CancelledError):
        search_tags(instance, "needle", WalkBudget(10**6, 60, lambda: False))


@pytest.mark.parametrize("query", ["", "  ", "x" * 201])
def test_a_query_has_words_and_is_short(tmp_path: Path, query: str) -> None:
    with pytest.raises(RequestError):
        search(tmp_path, image(), query)


def test_an_element_that_cannot_be_read_is_found_by_its_tag(tmp_path: Path) -> None:
    content = bare(element(0x00280010, "US", b"\1\2\3"), element(0x00280011, "US", b"\3\0"))
    (node,) = search(tmp_path, content, "rows").nodes
    assert (node["hit"], node["value"]["type"]) == (True, "error")
