"""Who gets an answer from /api: one row for each kind of request that was thought of."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from dcmview.errors import DcmviewError
from dcmview.web.access import (
    BODY_LIMIT_BYTES,
    AccessMiddleware,
    AccessPolicy,
    is_loopback_peer,
)
from dcmview.web.errors import on_dcmview_error
from dcmview.web.status import ServerStatus

OWNER = ("127.0.0.1", 40000)
STRANGER = ("192.0.2.7", 40000)
TOKEN = "correct-horse"

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


async def files(request):
    return JSONResponse({"files": []}, headers={"Cache-Control": "max-age=60"})


async def take(request):
    return JSONResponse({"bytes": len(await request.body())})


async def page(request):
    return PlainTextResponse("page")


async def events(request):
    async def pieces():
        yield "data: 1\n\n"
        yield "data: 2\n\n"

    return StreamingResponse(pieces(), media_type="text/event-stream")


class Client:
    """Sends requests to an ASGI application from a peer address, under a host name."""

    def __init__(self, app, host, peer):
        self._transport = httpx.ASGITransport(app=app, client=peer)
        self._base_url = f"http://{host}"

    def request(self, method, path, **options):
        async def send():
            async with httpx.AsyncClient(transport=self._transport) as client:
                return await client.request(method, self._base_url + path, **options)

        return asyncio.run(send())

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)


def client_for(policy, *, peer=OWNER, host="127.0.0.1:8888", status=None):
    app = Starlette(
        routes=[
            Route("/api/files", files),
            Route("/api/put", take, methods=["PUT", "POST"]),
            Route("/api/events", events),
            Route("/", page),
        ],
        exception_handlers={DcmviewError: on_dcmview_error},
    )
    return Client(AccessMiddleware(app, policy, status or ServerStatus()), host, peer)


def put(content):
    return client_for(AccessPolicy()).request("PUT", "/api/put", content=content)


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("127.0.0.1:8888", {}),
        ("127.0.0.1:5555", {}),  # ssh -L with another local port
        ("[::1]:8888", {}),
        ("192.168.1.20:8888", {}),
        ("localhost:8888", {}),
        ("LOCALHOST.:8888", {}),
        ("viewer.localhost:8888", {}),
        ("node17.example.org:8888", {}),  # named with --allow-host
        ("hub.example.org", SAME_ORIGIN),  # an https hub in front
        ("127.0.0.1:8888", {"Sec-Fetch-Site": "none", **NAVIGATION}),  # typed
        ("127.0.0.1:8888", CROSS_SITE | NAVIGATION),  # followed a link
        ("127.0.0.1:8888", {"Origin": "http://127.0.0.1:8888"}),
        ("node17.example.org", {"Origin": "https://node17.example.org"}),
    ],
)
def test_the_owner_is_answered(host, headers):
    policy = AccessPolicy(host_names=frozenset({"node17.example.org"}))
    assert client_for(policy, host=host).get("/api/files", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("evil.example", {}),  # a name that was rebound to 127.0.0.1
        ("evil.example:8888", {"X-Forwarded-Host": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"}),
        ("localhost.evil.example", {}),
        ("127.0.0.1.nip.io", {}),
        ("2130706433", {}),  # 127.0.0.1 in decimal
        ("127.0.0.1:8888", CROSS_SITE | {"Sec-Fetch-Mode": "cors"}),
        ("127.0.0.1:8888", {"Sec-Fetch-Site": "same-site"}),  # a page on another port
        ("127.0.0.1:8888", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image"}),
        ("127.0.0.1:8888", CROSS_SITE | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
        ("127.0.0.1:8888", {"Origin": "null"}),
        ("127.0.0.1:8888", {"Origin": "http://127.0.0.1:9999"}),
        ("127.0.0.1:8888", {"Origin": "https://evil.example"}),
        ("hub.example.org", CROSS_SITE | {"Origin": "https://evil.example"}),
    ],
)
def test_a_foreign_name_or_page_is_refused(host, headers):
    answer = client_for(AccessPolicy(), host=host).get("/api/files", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "access_denied")


def test_a_form_of_a_foreign_page_cannot_write():
    answer = client_for(AccessPolicy()).request("POST", "/api/put", headers=CROSS_SITE | NAVIGATION)
    assert answer.status_code == 403


def test_the_refusal_of_a_name_says_how_to_allow_it():
    answer = client_for(AccessPolicy(), host="node17:8888").get("/api/files")
    assert "--allow-host node17" in answer.json()["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Dcmview-Token": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer {TOKEN}"},
        {"Authorization": "Basic dXNlcg==", "X-Dcmview-Token": TOKEN},
    ],
)
def test_a_stranger_with_the_token_is_answered_under_any_name(headers):
    client = client_for(AccessPolicy(token=TOKEN), peer=STRANGER, host="ward3.example.org")
    assert client.get("/api/files", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Dcmview-Token": ""},
        {"X-Dcmview-Token": TOKEN[:-1]},
        {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": f"token={TOKEN}"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Dcmview-Token": "ü".encode("latin-1")},
    ],
)
def test_a_stranger_without_the_token_is_not_answered(headers):
    client = client_for(AccessPolicy(token=TOKEN), peer=STRANGER)
    answer = client.get(f"/api/files?token={TOKEN}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_the_token_does_not_open_the_api_to_foreign_pages():
    client = client_for(AccessPolicy(token=TOKEN))
    headers = CROSS_SITE | {"X-Dcmview-Token": TOKEN}
    assert client.get("/api/files", headers=headers).status_code == 403


def test_the_owner_needs_the_token_only_if_all_do():
    assert client_for(AccessPolicy(token=TOKEN)).get("/api/files").status_code == 200
    for_all = AccessPolicy(token=TOKEN, token_for_all=True)
    assert client_for(for_all).get("/api/files").status_code == 401


def test_the_page_itself_is_for_everybody():
    client = client_for(AccessPolicy(token=TOKEN), peer=STRANGER, host="evil.example")
    assert client.get("/", headers=CROSS_SITE).text == "page"


def test_every_path_with_a_segment_api_is_guarded():
    client = client_for(AccessPolicy(), host="evil.example")
    for path in ("/api", "/api/", "/api/nothing", "//api/files", "/hub/user/api/files"):
        assert client.get(path).status_code == 403, path


def test_headers_forbid_framing_sniffing_and_storing():
    client = client_for(AccessPolicy())
    page_headers, api_headers = client.get("/").headers, client.get("/api/files").headers
    for headers in (page_headers, api_headers, client.get("/nothing").headers):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        policy = headers["content-security-policy"].split("; ")
        assert policy[0] == "default-src 'none'"
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*" in policy
    assert api_headers["cache-control"] == "no-store"
    assert "cache-control" not in page_headers


def test_refusals_carry_the_headers_too():
    answer = client_for(AccessPolicy(), host="evil.example").get("/api/files")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_body_beyond_the_limit_is_refused_by_its_declared_length():
    answer = put(bytes(BODY_LIMIT_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_beyond_the_limit_is_refused_while_it_comes_in():
    async def chunks():
        for _ in range(9):
            yield bytes(1024 * 1024)

    answer = put(chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_of_just_the_limit_is_taken():
    answer = put(bytes(BODY_LIMIT_BYTES))
    assert answer.json() == {"bytes": BODY_LIMIT_BYTES}


def test_an_admitted_request_counts_as_activity():
    status = ServerStatus()
    status.last_request = 0.0
    client_for(AccessPolicy(), status=status).get("/")
    assert status.last_request > 0


def test_a_refused_request_is_no_activity():
    status = ServerStatus()
    status.last_request = 0.0
    client_for(AccessPolicy(), status=status, host="evil.example").get("/api/files")
    assert status.last_request == 0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.20", False),
        ("::ffff:192.168.1.20", False),
        ("fe80::1%eth0", False),
        ("testclient", False),
    ],
)
def test_loopback_is_recognised_in_every_spelling(address, expected):
    assert is_loopback_peer((address, 1)) is expected


def test_a_peer_without_an_address_is_not_on_loopback():
    assert not is_loopback_peer(None)
