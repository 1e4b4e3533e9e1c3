"""What every measured server must answer before it is measured: the fastest wrong answer wins nothing."""

from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie

import httpx

from bench.backend import Backend
from bench.processes import BenchError
from bench.workloads import REFRESH_COOKIE, Request, own, straight_to_upstream, through_service


def check_server(name: str, url: str, backend: Backend) -> None:
    """Raises BenchError that lists everything in which the server at `url` differs from the benchmark's contract."""
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        _report(name, list(_server_faults(client, backend)))


def check_own(name: str, url: str, backend: Backend) -> None:
    """The same for what only Latchkey answers."""
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        _report(name, list(_own_faults(client, backend)))


def check_upstream(name: str, backend: Backend) -> None:
    """The same for the bare upstream: the statuses of its requests."""
    with httpx.Client(base_url=backend.url, timeout=30, trust_env=False) as client:
        faults = []
        for title, request in straight_to_upstream(backend).items():
            status = _send(client, request).status_code
            if status != request.status:
                faults.append(f"{title}: status {status}, not {request.status}")
        _report(name, faults)


def _report(name: str, faults: list[str]) -> None:
    if faults:
        raise BenchError(f"{name} does not answer as it should:\n  " + "\n  ".join(faults))


def _send(client: httpx.Client, request: Request) -> httpx.Response:
    client.cookies.clear()
    content = None if request.body is None else request.body.encode()
    bearer = {"Authorization": f"Bearer {request.bearers[0]}"} if request.bearers else {}
    return client.request(request.method, request.path, headers={**request.headers, **bearer}, content=content)


def _own_faults(client: httpx.Client, backend: Backend) -> Iterator[str]:
    requests = own(backend)
    user = {"id": backend.user_id, "email": backend.email}
    for name in ("verify", "complete", "mfa_verify"):
        yield from _session_faults(name, _send(client, requests[name]), user)
    sessions = _send(client, requests["sessions"])
    found = _json(sessions)
    if not isinstance(found, dict) or [each["current"] for each in found.get("sessions", [])] != [True, False, False]:
        yield f"sessions: {sessions.status_code} {sessions.text[:300]}"


def _server_faults(client: httpx.Client, backend: Backend) -> Iterator[str]:
    requests = through_service(backend)
    user = {"id": backend.user_id, "email": backend.email}

    health = _send(client, requests["healthz"])
    if health.status_code != httpx.codes.OK:
        yield f"healthz: status {health.status_code}"

    me = _send(client, requests["me"])
    expected = {"user": {**user, "profile": {"displayName": backend.display_name}}}
    if (me.status_code, _json(me)) != (200, expected):
        yield f"me: {me.status_code} {me.text}"
    if "me_hs256" in requests and (hs256 := _send(client, requests["me_hs256"])).json() != expected:
        yield f"me_hs256: {hs256.status_code} {hs256.text}"
    for token in requests["me"].bearers[1:3]:
        other = _send(client, replace(requests["me"], bearers=[token]))
        if other.status_code != httpx.codes.OK or other.json()["user"]["id"] == backend.user_id:
            yield f"me as another user: {other.status_code} {other.text}"

    for name in ("signin", "refresh"):
        yield from _session_faults(name, _send(client, requests[name]), user)

    post = requests["signin"]
    no_csrf = {key: value for key, value in post.headers.items() if key != "X-CSRF-Token"}
    refusals = {
        "refusal": (requests["refusal"], 401, "unauthorized"),
        "me with a stranger's token": (
            Request("GET", "/auth/me", {"Authorization": "Bearer not.a.token"}), 401, "unauthorized",
        ),
        "signin without CSRF header": (Request("POST", post.path, no_csrf, post.body), 403, "csrf_failed"),
        "signin with a wrong CSRF header": (
            Request("POST", post.path, {**no_csrf, "X-CSRF-Token": "wrong"}, post.body), 403, "csrf_failed",
        ),
        "refresh without CSRF header": (
            Request("POST", "/auth/refresh", {"Cookie": requests["refresh"].headers["Cookie"]}, ""), 403, "csrf_failed",
        ),
        "refresh without cookie": (
            Request("POST", "/auth/refresh", {"X-CSRF-Token": backend.csrf_token}, ""), 401, "auth_refresh_missing",
        ),
        "signin without password": (
            Request("POST", post.path, post.headers, '{"email": "ada@example.com"}'), 400, "invalid_request",
        ),
        "unknown path": (Request("GET", "/nowhere"), 404, "not_found"),
    }  # fmt: skip
    for name, (request, status, code) in refusals.items():
        yield from _refusal_faults(name, _send(client, request), status, code)


def _session_faults(name: str, answer: httpx.Response, user: dict[str, str]) -> Iterator[str]:
    body = _json(answer)
    if (
        answer.status_code != httpx.codes.OK
        or not isinstance(body, dict)
        or not {"accessToken", "expiresIn", "user"} <= set(body)
        or not isinstance(body["accessToken"], str)
        or not isinstance(body["expiresIn"], int)
        or body["user"] != user
    ):
        yield f"{name}: {answer.status_code} {answer.text[:300]}"
    if "no-store" not in answer.headers.get("Cache-Control", ""):
        yield f"{name}: a token without Cache-Control: no-store"
    cookies = [SimpleCookie(line) for line in answer.headers.get_list("Set-Cookie")]
    cookie = next((found[REFRESH_COOKIE] for found in cookies if REFRESH_COOKIE in found), None)
    if cookie is None or not cookie.value:
        yield f"{name}: no {REFRESH_COOKIE} cookie"
    elif not (cookie["httponly"] and cookie["samesite"].lower() == "lax" and cookie["path"] == "/" and cookie["max-age"]):
        yield f"{name}: the cookie's attributes are {answer.headers['Set-Cookie'].partition(';')[2]}"


def _refusal_faults(name: str, answer: httpx.Response, status: int, code: str) -> Iterator[str]:
    body = _json(answer)
    if (
        answer.status_code != status
        or not isinstance(body, dict)
        or set(body) != {"code", "message", "details"}
        or body["code"] != code
    ):
        yield f"{name}: {answer.status_code} {answer.text[:300]}, not {status} {code}"
    if name == "refusal" and isinstance(body, dict) and body.get("message") != "Missing or invalid token":
        yield f"{name}: message {body.get('message')!r}"
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        yield f"{name}: {answer.headers.get('Content-Type')}"


def _json(answer: httpx.Response) -> object:
    try:
        body: object = answer.json()
    except ValueError:
        return None
    return body
