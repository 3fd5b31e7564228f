"""Errors on the wire: one table from class to HTTP status, one JSON form."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from dcmview import errors
from dcmview.errors import DcmviewError
from dcmview.web.respond import encode_json, safe_text
from dcmview.web.schemas import ErrorBody
from dcmview.web.work import ClientGone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

STATUS_BY_CLASS: dict[type[DcmviewError], int] = {
    errors.RequestError: 400,
    errors.UsageError: 400,
    errors.Unauthorized: 401,
    errors.AccessDenied: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.StaleRevision: 412,
    errors.TooLarge: 413,
    errors.InstanceError: 422,
    errors.PreconditionRequired: 428,
    errors.NotInstalled: 501,
    errors.Busy: 503,
    errors.NotSaved: 507,
    errors.NoRoom: 507,
    errors.StartError: 500,
    DcmviewError: 500,
}


def error_status(error: DcmviewError) -> int:
    """Find the status of the nearest class in the table."""
    return next(STATUS_BY_CLASS[cls] for cls in type(error).__mro__ if cls in STATUS_BY_CLASS)


def error_body(error: DcmviewError) -> ErrorBody:
    """Write an error for people and scripts."""
    body = ErrorBody(error=safe_text(error.message), code=error.code)
    if error.detail:
        body.detail = {
            key: safe_text(value) if isinstance(value, str) else value
            for key, value in error.detail.items()
        }
    return body


def error_response(
    error: DcmviewError, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with an error as ``{"error": ..., "code": ..., "detail": {...}}``."""
    return Response(
        encode_json(error_body(error)),
        status_code=status or error_status(error),
        headers=dict(headers or {}),
        media_type="application/json",
    )


def on_dcmview_error(_request: Request, exc: Exception) -> Response:
    """Answer an error that we raised on purpose."""
    assert isinstance(exc, DcmviewError)
    headers = {"Retry-After": "1"} if isinstance(exc, errors.Busy) else None
    return error_response(exc, headers=headers)


def on_client_gone(_request: Request, _exc: Exception) -> Response:
    """Answer into the void; the connection is closed."""
    return Response(status_code=499)


def on_http_exception(request: Request, exc: Exception) -> Response:
    """Answer what Starlette itself refuses: unknown routes and wrong methods."""
    assert isinstance(exc, HTTPException)
    if exc.status_code == 405:
        allowed = (exc.headers or {}).get("Allow", "")
        message = f"{request.method} is not allowed here; allowed: {allowed}"
        return error_response(errors.MethodNotAllowed(message), headers=exc.headers)
    if exc.status_code == 404:
        return error_response(errors.NotFound(f"nothing at {request.url.path}"))
    return error_response(
        DcmviewError(str(exc.detail)), status=exc.status_code, headers=exc.headers
    )


EXCEPTION_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    DcmviewError: on_dcmview_error,
    ClientGone: on_client_gone,
    ClientDisconnect: on_client_gone,
    HTTPException: on_http_exception,
}


class UnexpectedErrors:
    """Answer a bug of ours: the log gets the traceback, the client a short id.

    Starlette's own handler for ``Exception`` answers and then raises again, which
    would print every traceback twice.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except DcmviewError:
            raise
        except Exception as exc:
            if started and isinstance(exc.__cause__, DcmviewError):
                # Starlette tells so of an error that came after the first byte. Going without
                # the last one breaks the answer off.
                logger.warning("%s is broken off: %s", scope.get("path"), exc.__cause__.message)
                return
            bug_id = secrets.token_hex(4)
            logger.exception("internal error %s at %s", bug_id, scope.get("path"))
            if started:
                raise
            error = DcmviewError(f"internal error {bug_id}; see the output of the server")
            await error_response(error)(scope, receive, send)
