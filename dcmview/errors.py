"""Every exception that dcmview raises on purpose.

::

    DcmviewError             code, message, detail (plain JSON values)
    ├── RequestError         the caller asked for something impossible
    │   ├── InvalidWindow
    │   └── InvalidAnnotation
    ├── Unauthorized         no or wrong token
    ├── AccessDenied         foreign user, Host or Origin
    ├── NotFound
    │   ├── UnknownFile · UnknownSeries · FrameOutOfRange · NoPixelData · FileGone
    ├── MethodNotAllowed
    ├── Conflict
    │   ├── FileChanged      replaced or rewritten since it was listed
    │   ├── StaleRevision    edited by somebody else since it was read
    │   └── OutputExists     a file would be written over another one
    ├── PreconditionRequired an edit that does not say on what it builds
    ├── TooLarge             a request body beyond its limit
    ├── InstanceError        this file cannot give that; carries its path
    │   ├── NotDicom · Unreadable · Truncated
    │   ├── UnsupportedTransferSyntax · UnsupportedPixelFormat
    │   ├── InvalidGeometry  planes that make no sense
    │   ├── CannotTranscode  not to be written in this transfer syntax
    │   └── DecodeFailed     from the decoder's own exception
    ├── Busy                 too much is waiting already; ask again in a moment
    ├── NotSaved             disk full, read-only: the edit is in memory alone
    ├── NoRoom               no place for a file that is on its way to a client
    ├── NotInstalled         needs an optional package
    ├── UsageError           the command line asks for something impossible
    ├── StartError           port taken, bad CSV, frontend not built
    └── NothingToShow        the scan ended without a single DICOM object

The core knows neither HTTP nor exit codes: ``web/errors.py`` and
``cli/console.py`` each hold one table by class.
"""

from __future__ import annotations

from typing import Any, ClassVar


class DcmviewError(Exception):
    """Base of all errors that dcmview raises on purpose.

    ``code`` is stable and documented, the message may improve. ``detail``
    holds plain JSON values.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail

    def name_file(self, path: str, name: str) -> None:
        """Have the message name the file at a path as the user calls it."""
        if path != name:
            self.message = self.message.replace(path, name)
        # Not anywhere in it: a file may be called like a word of the message.
        if not self.message.startswith(f"{name}: ") and not self.message.endswith(name):
            self.message = f"{name}: {self.message}"
        self.args = (self.message,)


class RequestError(DcmviewError):
    """The caller asked for something impossible."""

    code = "bad_request"


class InvalidWindow(RequestError):
    """A window that no VOI function allows, or half of one."""

    code = "invalid_window"


class InvalidAnnotation(RequestError):
    """An ROI outside its image, an empty box or a frame that is not there."""

    code = "invalid_annotation"


class Unauthorized(DcmviewError):
    """No token where one is needed, or a wrong one."""

    code = "unauthorized"


class AccessDenied(DcmviewError):
    """A foreign user, Host or Origin."""

    code = "access_denied"


class NotFound(DcmviewError):
    """Nothing lives at this address."""

    code = "not_found"


class UnknownFile(NotFound):
    """No file has this index."""

    code = "unknown_file"


class UnknownSeries(NotFound):
    """No series has this number."""

    code = "unknown_series"


class FrameOutOfRange(NotFound):
    """The file has fewer frames."""

    code = "frame_out_of_range"


class NoPixelData(NotFound):
    """The object holds no image."""

    code = "no_pixel_data"


class FileGone(NotFound):
    """The file was listed and is no longer there."""

    code = "file_gone"


class MethodNotAllowed(DcmviewError):
    """The route exists, with other methods."""

    code = "method_not_allowed"


class Conflict(DcmviewError):
    """The state of things has moved on."""

    code = "conflict"


class FileChanged(Conflict):
    """The file was replaced or rewritten since it was listed."""

    code = "file_changed"


class StaleRevision(Conflict):
    """Somebody else has edited this since it was read."""

    code = "stale_revision"


class OutputExists(Conflict):
    """A file would be written over another one that is there already."""

    code = "output_exists"


class PreconditionRequired(DcmviewError):
    """An edit has to say on which revision it builds."""

    code = "precondition_required"


class TooLarge(DcmviewError):
    """A request body beyond its limit."""

    code = "too_large"


class InstanceError(DcmviewError):
    """This file cannot give what was asked of it."""

    code = "instance_error"


class NotDicom(InstanceError):
    """The bytes are not DICOM."""

    code = "not_dicom"


class Unreadable(InstanceError):
    """The file cannot be opened or its header cannot be parsed."""

    code = "unreadable"


class Truncated(InstanceError):
    """The data ends before the part that was asked for."""

    code = "truncated"


class UnsupportedTransferSyntax(InstanceError):
    """No decoder for this transfer syntax."""

    code = "unsupported_transfer_syntax"


class UnsupportedPixelFormat(InstanceError):
    """A layout of samples that has no defined display."""

    code = "unsupported_pixel_format"


class InvalidGeometry(InstanceError):
    """Positions, cosines or spacings that no plane in a patient can have."""

    code = "invalid_geometry"


class CannotTranscode(InstanceError):
    """This image cannot be written in that transfer syntax without silent loss."""

    code = "cannot_transcode"


class DecodeFailed(InstanceError):
    """The decoder refused the data of this frame."""

    code = "decode_failed"


class Busy(DcmviewError):
    """Too many requests are waiting already; ask again in a moment."""

    code = "busy"


class NotSaved(DcmviewError):
    """The edit was made, in memory alone: it could not be saved."""

    code = "annotations_not_saved"


class NoRoom(DcmviewError):
    """A file that is made for a client found no room where temporary files lie."""

    code = "no_room"


class NotInstalled(DcmviewError):
    """What was asked for needs a package that is not installed."""

    code = "not_installed"


class UsageError(DcmviewError):
    """The command line asks for something impossible."""

    code = "usage"


class StartError(DcmviewError):
    """The viewer cannot start: port, address, CSV or missing frontend."""

    code = "cannot_start"


class NothingToShow(DcmviewError):
    """The scan ended without a single DICOM object to list."""

    code = "nothing_to_show"


def one_line(exc: BaseException, most: int = 200) -> str:
    """Give the words of a foreign exception as one short line, its class where it has none."""
    return " ".join(str(exc).split())[:most] or type(exc).__name__
