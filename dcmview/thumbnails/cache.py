"""Thumbnails kept in a folder, so that a second run makes only what has changed.

The name of a file there is a hash of the SOP Instance UID, of the content of the DICOM
file and of the settings: a file that was only touched or moved is found again, one that
was changed is not. All its bytes count, since windows and palettes change pictures, too.
Neither names nor files tell whom they are of.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from dcmview import __version__
from dcmview.bulk.files import new_file
from dcmview.errors import OutputExists
from dcmview.thumbnails.picture import Thumbnail

if TYPE_CHECKING:
    from dcmview.registry.registry import Entry
    from dcmview.thumbnails.settings import ThumbnailSettings

TILE = "tile"
PICTURE = "picture"

_DIGEST_BYTES = 16


class ThumbnailCache:
    """A folder of thumbnails; for many processes, on one computer or several.

    Parameters
    ----------
    folder : str
        Made when it is first written to.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def get(self, key: str) -> Thumbnail | None:
        """Give what is kept under a key; None where there is nothing, or nothing whole."""
        try:
            with open(self._path(key), "rb") as stream:
                digest, packed = stream.read(_DIGEST_BYTES), stream.read()
            if digest != _digest(key, packed):
                return None
            return msgspec.msgpack.decode(packed, type=Thumbnail)
        except (OSError, msgspec.MsgspecError):
            return None

    def put(self, key: str, thumbnail: Thumbnail) -> None:
        """Keep a thumbnail; another process may have done so just now.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        with (
            contextlib.suppress(OutputExists),
            new_file(self._path(key), overwrite=True) as stream,
        ):
            packed = msgspec.msgpack.encode(thumbnail)
            stream.write(_digest(key, packed) + packed)

    def _path(self, key: str) -> str:
        # Folders of a million files are slow on many file systems.
        return os.path.join(self._folder, key[:2], key[2:])


def _digest(key: str, packed: bytes) -> bytes:
    """What a file begins with, so that neither a damaged nor a renamed one is taken."""
    return hashlib.blake2b(packed, digest_size=_DIGEST_BYTES, key=key.encode()[:64]).digest()


def cache_key(entry: Entry, settings: ThumbnailSettings, kind: str, content: str) -> str:
    """Give the key of a thumbnail; ``content`` is the hash of the bytes of its file.

    All settings count, and the version of dcmview, whose pictures may differ.
    """
    parts = (__version__, kind, entry.header.sop_instance_uid, content, repr(settings))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
