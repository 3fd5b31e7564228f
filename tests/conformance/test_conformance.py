"""Every file on this machine against other readers, and proof that the comparison can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conformance_run import dcmtk, examine
from conformance_run.corpus import GIVEN, Case, collect
from conformance_run.document import document
from conformance_run.examine import Verdict
from conformance_run.made import make_cases
from conformance_run.run import run
from support.datasets import image, part10

from dcmview.errors import UnsupportedTransferSyntax

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from conformance_run.examine import FileResult
    from numpy.typing import NDArray

    from dcmview.model import StoredFrame

CT = "fixtures/ct/slice-01.dcm"


@pytest.fixture(scope="module")
def results() -> list[FileResult]:
    """The first frame of every file that this machine has."""
    return run(collect([]), first_frame_only=True)


@pytest.fixture
def ct() -> Case:
    return next(case for case in collect([]) if f"{case.source}/{case.name}" == CT)


def test_no_file_is_shown_wrong(results: list[FileResult]) -> None:
    wrong = [each for each in results if each.verdict() is Verdict.WRONG]
    assert [problem for each in wrong for problem in each.problems()] == []


def test_every_image_that_another_reader_shows_is_shown(results: list[FileResult]) -> None:
    missed = [each for each in results if each.is_image and each.verdict() is Verdict.MISSED]
    assert [problem for each in missed for problem in each.problems()] == []


def test_every_image_is_held_against_samples_and_formulae(results: list[FileResult]) -> None:
    # Without DCMTK nobody else reads JPEG-LS and 12-bit JPEG.
    needed = {"samples", "picture"} if dcmtk.is_installed() else {"picture"}
    shown = [each for each in results if each.shown]
    assert len(shown) > 200
    for each in shown:
        assert {comparison.stage for comparison in each.comparisons} >= needed, each.name


def test_an_image_that_is_not_shown_has_a_reason(results: list[FileResult]) -> None:
    assert all(each.reason for each in results if not each.shown)


def test_made_files_are_shown_right(tmp_path: Path) -> None:
    wrong = [each for each in run(make_cases(tmp_path, 60)) if each.verdict() > Verdict.UNCHECKED]
    assert [problem for each in wrong for problem in each.problems()] == []


def test_a_sample_that_differs_by_one_is_wrong(ct: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    right = examine.decode_frame

    def wrong(*args: object, **options: object) -> StoredFrame:
        stored = right(*args, **options)  # type: ignore[arg-type]
        values = stored.values.copy()
        values[0, 0] += 1  # type: ignore[operator]
        return replace(stored, values=values)

    monkeypatch.setattr(examine, "decode_frame", wrong)
    result = examine.examine(ct)
    assert result.verdict("samples") is Verdict.WRONG
    assert "samples: 1 from its bytes" in result.problems()[0]


def test_a_pixel_two_levels_off_is_wrong(ct: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    right = examine.display_frame

    def wrong(*args: object) -> NDArray[np.uint8]:
        display = right(*args)  # type: ignore[arg-type]
        display[3, 4] ^= 2
        return display

    monkeypatch.setattr(examine, "display_frame", wrong)
    assert examine.examine(ct).verdict("picture") is Verdict.WRONG


def test_a_second_window_that_is_not_offered_is_wrong(
    ct: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = examine.display_recipe
    monkeypatch.setattr(
        examine, "display_recipe", lambda *args: replace(right(*args), voi=right(*args).voi[:1])
    )
    result = examine.examine(ct)
    assert "window 2" in result.problems()[0]


def test_an_image_that_only_others_show_is_missed(
    ct: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UnsupportedTransferSyntax("no decoder")

    monkeypatch.setattr(examine, "frame_table", refuse)
    result = examine.examine(ct)
    assert result.verdict() is Verdict.MISSED
    assert "pydicom" in result.others


def test_the_document_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "secret-place"
    folder.mkdir()
    (folder / "image.dcm").write_bytes(part10(image()))
    cases = [case for case in collect([str(tmp_path)]) if case.source == GIVEN]
    text = document([examine.examine(case) for case in cases], made_with="none")
    assert "| files given | 1 | 1 | 1 |" in text
    assert "secret-place" not in text


def test_dcmtk_pictures_are_read_past_their_comments() -> None:
    content = b"P5\n# by hand\n3 2 255\n" + bytes([0, 1, 2, 3, 4, 255])
    picture = dcmtk.read_pnm(content)
    assert picture is not None
    assert picture.tolist() == [[0, 1, 2], [3, 4, 255]]
