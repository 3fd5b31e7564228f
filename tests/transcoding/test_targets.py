from __future__ import annotations

import pydicom.uid
import pytest

from dcmview.dicom.transfer import TRANSFER_SYNTAXES, Codec
from dcmview.errors import RequestError
from dcmview.transcoding.targets import TARGETS, EncodeOptions, find_target


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.keyword)
def test_a_target_is_found_by_uid_keyword_and_short_name(target) -> None:
    names = (target.syntax.uid, target.keyword, target.keyword.upper(), *target.aliases)
    assert all(find_target(name) is target for name in names)


def test_keywords_are_those_of_pydicom() -> None:
    known = {uid: pydicom.uid.UID(uid).keyword for uid in TARGETS}
    for uid, keyword in known.items():
        assert keyword in ("", TARGETS[uid].keyword)
    assert sum(map(bool, known.values())) == 16  # all but JPEG XL and deflated frames


def test_no_name_belongs_to_two_targets() -> None:
    names = [name for target in TARGETS.values() for name in (target.keyword, *target.aliases)]
    plain = [name.lower() for name in names]
    assert sorted(set(plain)) == sorted(plain)


def test_every_target_has_a_decoder() -> None:
    assert all(target.syntax.codec is not Codec.UNSUPPORTED for target in TARGETS.values())


def test_a_lossy_target_names_its_method_and_a_lossless_one_none() -> None:
    assert all(bool(target.method) is not target.lossless for target in TARGETS.values())


def test_a_misspelt_name_is_answered_with_near_ones() -> None:
    with pytest.raises(RequestError, match="JPEG2000Lossless"):
        find_target("jpeg2000losless")


def test_a_syntax_that_is_only_read_is_refused_by_its_name() -> None:
    mpeg = TRANSFER_SYNTAXES["1.2.840.10008.1.2.4.100"]
    with pytest.raises(RequestError, match="MPEG2"):
        find_target(mpeg.uid)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("JPEGBaseline8Bit", EncodeOptions(ratio=10), "ratio means nothing to JPEGBaseline8Bit"),
        ("JPEG2000Lossless", EncodeOptions(quality=90), "takes no such option"),
        ("JPEGBaseline8Bit", EncodeOptions(quality=101), "quality is 101; 1 to 100"),
        ("JPEGLSNearLossless", EncodeOptions(near=0), "near is 0; 1 to 255"),
        ("JPEG2000", EncodeOptions(ratio=1), "ratio is 1; 1.01 to 1000"),
        ("JPEG2000", EncodeOptions(ratio=10, quality=50), "exclude each other"),
        ("JPEG2000", EncodeOptions(), "say how much by ratio or quality, or take JPEG2000Lossless"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(name, options, words) -> None:
    with pytest.raises(RequestError, match=words):
        find_target(name).check(options)


def test_defaults_are_filled_in_and_the_rest_kept() -> None:
    options = EncodeOptions(allow_recompress=True, prove=False)
    assert find_target("jpeg").check(options) == EncodeOptions(
        quality=90, allow_recompress=True, prove=False
    )
    assert find_target("jpeglsnear").check(EncodeOptions()).near == 2
    assert find_target("rle").check(options) is options
