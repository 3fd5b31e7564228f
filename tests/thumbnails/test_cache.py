"""What the keys of kept thumbnails are made of, and a folder that holds other things, too."""

from __future__ import annotations

import os

import pytest

from dcmview.model import FileStamp, InstanceHeader, PictureFormat, SharedHeader
from dcmview.registry.registry import Entry
from dcmview.thumbnails import cache
from dcmview.thumbnails.cache import PICTURE, TILE, ThumbnailCache, cache_key
from dcmview.thumbnails.picture import Thumbnail
from dcmview.thumbnails.settings import make_settings

THUMBNAIL = Thumbnail(b"picture", 3, 10, 20, truncated=False)


def entry(uid, path="a.dcm", modified_ns=1):
    header = InstanceHeader(SharedHeader(), sop_instance_uid=uid)
    return Entry(0, path, FileStamp(1, 2, 3, modified_ns), header)


def test_a_key_has_all_that_makes_another_picture_and_nothing_else(monkeypatch):
    usual = cache_key(entry("1.2"), make_settings(), PICTURE, "content")
    assert cache_key(entry("1.2", "moved.dcm", 9), make_settings(), PICTURE, "content") == usual
    others = [
        cache_key(entry("1.3"), make_settings(), PICTURE, "content"),
        cache_key(entry("1.2"), make_settings(size_px=100), PICTURE, "content"),
        cache_key(entry("1.2"), make_settings(), TILE, "content"),
        cache_key(entry("1.2"), make_settings(), PICTURE, "other content"),
    ]
    monkeypatch.setattr(cache, "__version__", "another")
    others.append(cache_key(entry("1.2"), make_settings(), PICTURE, "content"))
    assert len({usual, *others}) == 6


def test_quality_is_in_the_keys_of_those_that_have_it():
    def keys(picture_format):
        settings = (make_settings(picture_format=picture_format, quality=q) for q in (50, 85))
        return {cache_key(entry("1.2"), each, PICTURE, "content") for each in settings}

    assert len(keys(PictureFormat.JPEG)) == 2
    assert len(keys(PictureFormat.PNG)) == 1


def test_thumbnails_are_in_folders_of_which_there_are_few(tmp_path):
    kept = ThumbnailCache(str(tmp_path))
    for key in ("ab01", "ab02", "cd01"):
        kept.put(key, THUMBNAIL)
        assert kept.get(key) == THUMBNAIL
    assert sorted(os.listdir(tmp_path)) == ["ab", "cd"]
    assert kept.get("ab03") is None


@pytest.mark.parametrize("content", [b"", b"not one of ours", b"\x95\xc4\x00", b"\x90"])
def test_what_is_no_thumbnail_is_none_and_is_replaced(tmp_path, content):
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab/cd").write_bytes(content)
    kept = ThumbnailCache(str(tmp_path))
    assert kept.get("abcd") is None
    kept.put("abcd", THUMBNAIL)
    assert kept.get("abcd") == THUMBNAIL


@pytest.mark.parametrize("place", [0, 20, -20, -1])
def test_a_thumbnail_with_one_other_byte_is_none(tmp_path, place):
    kept = ThumbnailCache(str(tmp_path))
    kept.put("abcd", Thumbnail(bytes(100), 3, 10, 20, truncated=False))
    content = bytearray((tmp_path / "ab/cd").read_bytes())
    content[place] ^= 1
    (tmp_path / "ab/cd").write_bytes(content)
    assert kept.get("abcd") is None


def test_a_thumbnail_under_the_name_of_another_is_none(tmp_path):
    kept = ThumbnailCache(str(tmp_path))
    kept.put("ab01", THUMBNAIL)
    (tmp_path / "ab/01").rename(tmp_path / "ab/02")
    assert kept.get("ab02") is None


def test_a_folder_in_the_place_of_a_thumbnail_is_left_alone(tmp_path):
    (tmp_path / "ab/cd").mkdir(parents=True)
    kept = ThumbnailCache(str(tmp_path))
    assert kept.get("abcd") is None
    kept.put("abcd", THUMBNAIL)
    assert (tmp_path / "ab/cd").is_dir()
