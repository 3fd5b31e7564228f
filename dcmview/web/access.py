"""Who may ask for patient data: Host, cross-origin and token rules, and security headers.

Which local user is asking is found out earlier, when the connection is made
(``web.peer_uid``). The built page holds no patient data, so the rules guard
``/api`` alone: through a foreign proxy the page still loads and can say what
is missing.

Decisions use the transport's peer address and the request's own headers,
never ``X-Forwarded-*``, which anybody can send.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dcmview.errors import AccessDenied, DcmviewError, TooLarge, Unauthorized
from dcmview.web.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dcmview.web.status import ServerStatus

BODY_LIMIT_BYTES = 8 * 1024 * 1024
IMPORT_LIMIT_BYTES = 64 * 1024 * 1024
IMPORT_PATHS = ("/api/annotations/import", "/api/triage/import")

SECURITY_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"content-security-policy": b"; ".join(
        (
            b"default-src 'none'",
            b"script-src 'self'",
            b"style-src 'self' 'unsafe-inline'",
            b"img-src 'self' blob: data:",
            b"connect-src 'self'",
            b"font-src 'self'",
            b"worker-src 'self' blob:",
            b"base-uri 'none'",
            b"form-action 'none'",
            b"object-src 'none'",
            # Notebooks show the page in a frame.
            b"frame-ancestors 'self' http://localhost:* http://127.0.0.1:*",
        )
    ),
}

# File indices are given anew by the next process on this port, and pictures are patient data.
API_HEADERS = {**SECURITY_HEADERS, b"cache-control": b"no-store"}


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """What is demanded of a request.

    Attributes
    ----------
    token : str or None
        Secret that unknown peers must send; None lets every peer in.
    token_for_all : bool
        Whether peers on loopback need it too. They do not by default: the
        kernel has already told that they belong to the owner.
    host_names : frozenset of str
        Names under which the server may be addressed, in lower case, beside
        IP addresses and ``localhost``.
    """

    token: str | None = None
    token_for_all: bool = False
    host_names: frozenset[str] = frozenset()


EVENT_STREAM = b"application/x-ndjson"
"""Lines that come when something happens; a page that only listens is idle."""


class AccessMiddleware:
    """Let a request through to the application, or answer why not."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy, status: ServerStatus) -> None:
        self._app = app
        self._policy = policy
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Nothing but HTTP is served; a WebSocket would pass by the rules below.
            await send({"type": "websocket.close", "code": 1008})
            return
        is_api = "api" in scope["path"].split("/")
        send = self._finishing(send, API_HEADERS if is_api else SECURITY_HEADERS)
        try:
            if is_api:
                check_request(self._policy, scope)
            self._status.note_request()
            await self._app(scope, _limited(scope, receive), send)
        except DcmviewError as exc:
            await error_response(exc)(scope, receive, send)

    def _finishing(self, send: Send, headers: dict[bytes, bytes]) -> Send:
        """Add headers to an answer, and count its pieces as activity."""
        is_event_stream = False

        async def finish(message: Message) -> None:
            nonlocal is_event_stream
            if message["type"] == "http.response.start":
                kept = [
                    (name, value)
                    for name, value in message.get("headers", ())
                    if name.lower() not in headers
                ]
                is_event_stream = any(
                    name.lower() == b"content-type" and value.startswith(EVENT_STREAM)
                    for name, value in kept
                )
                message["headers"] = [*kept, *headers.items()]
            elif message.get("more_body") and not is_event_stream:
                self._status.note_request()
            await send(message)

        return finish


def check_request(policy: AccessPolicy, scope: Scope) -> None:
    """Apply all rules to the head of an API request.

    Raises
    ------
    AccessDenied
        If it is addressed to a foreign name or comes from a foreign page.
    Unauthorized
        If it needs a token and has none, or a wrong one.
    """
    headers = _Headers(scope["headers"])
    has_token = _has_token(policy, headers)
    if not has_token:
        _check_host(policy, headers)
    _check_origin(scope["method"], headers)
    if policy.token is None or has_token:
        return
    if policy.token_for_all or not is_loopback_peer(scope["client"]):
        raise Unauthorized(
            "a token is needed: open the link with #token= that dcmview printed, "
            "or send it as X-Dcmview-Token"
        )


def is_loopback_peer(client: tuple[str, int] | None) -> bool:
    """Whether the other end of a connection is on this computer's loopback."""
    return client is not None and _is_loopback(client[0])


@lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1 on a dual-stack socket
    return (mapped or address).is_loopback


class _Headers:
    """Request headers by lower-case name, one that is sent twice being joined."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[bytes, bytes] = {}
        for name, value in raw:
            earlier = self._values.get(name)
            self._values[name] = value if earlier is None else earlier + b", " + value

    def get(self, name: bytes) -> str | None:
        value = self._values.get(name)
        return None if value is None else value.decode("latin-1").strip()


def _has_token(policy: AccessPolicy, headers: _Headers) -> bool:
    if policy.token is None:
        return False
    scheme, _, bearer = (headers.get(b"authorization") or "").partition(" ")
    # Two headers: proxies with a login of their own eat Authorization.
    candidates = [headers.get(b"x-dcmview-token") or ""]
    if scheme.lower() == "bearer":
        candidates.append(bearer.strip())
    expected = policy.token.encode()
    return any(hmac.compare_digest(found.encode("latin-1"), expected) for found in candidates)


def _check_host(policy: AccessPolicy, headers: _Headers) -> None:
    """Refuse foreign names: a page that rebinds its own name to 127.0.0.1 keeps that name."""
    host = headers.get(b"host") or ""
    name = _host_name(host)
    if (
        name in ("", "localhost")
        or name.endswith(".localhost")
        or name in policy.host_names
        or _is_ip_address(name)
    ):
        return
    # Browsers send Sec-Fetch-Site over https and to loopback only, and no script can set it: the
    # name belongs to an https proxy, not to a rebound plain-http page.
    if headers.get(b"sec-fetch-site") is not None:
        return
    raise AccessDenied(
        f"this server is not called {name!r}; start it with --allow-host {name} if a proxy is",
        host=host,
    )


def _check_origin(method: str, headers: _Headers) -> None:
    """Refuse pages of other origins, those on other ports of this computer included."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        is_typed_or_linked = (
            method == "GET"
            and headers.get(b"sec-fetch-mode") == "navigate"
            and headers.get(b"sec-fetch-dest") == "document"
        )
        if site in ("same-origin", "none") or is_typed_or_linked:
            return
        raise AccessDenied(f"request from a {site} page")
    origin = headers.get(b"origin")
    if origin is None:
        return
    # Without the scheme: behind a proxy that ends https the two differ.
    try:
        netloc = urlsplit(origin).netloc.lower()  # empty for "null", as sandboxed pages send it
    except ValueError:
        netloc = ""
    if not netloc or netloc != (headers.get(b"host") or "").lower():
        raise AccessDenied(f"request from a page of another origin: {origin}")


def _host_name(host: str) -> str:
    if host.startswith("["):
        name = host[1:].partition("]")[0]
    else:
        name = host.rpartition(":")[0] if ":" in host else host
    return name.rstrip(".").lower()


@lru_cache(maxsize=256)
def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Count the body as it comes in: Content-Length may be absent or a lie."""
    is_import = scope["path"].endswith(IMPORT_PATHS)
    limit_bytes = IMPORT_LIMIT_BYTES if is_import else BODY_LIMIT_BYTES
    declared = _Headers(scope["headers"]).get(b"content-length") or ""
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise _too_large(limit_bytes)
    received_bytes = 0

    async def receive_limited() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > limit_bytes:
            raise _too_large(limit_bytes)
        return message

    return receive_limited


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit_bytes // 1024 // 1024} MiB")
