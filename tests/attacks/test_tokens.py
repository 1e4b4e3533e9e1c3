"""Access tokens that somebody made up, changed, borrowed or stole. None gets in, and none costs Supabase a request."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from local.keys import Keys
from tests.conftest import StartModuleService
from tests.support import loopback
from tests.support.browser import Browser, new_email
from tests.support.loopback import TRUST_NOBODY
from tests.support.metrics import scrape
from tests.support.project import USER_ID, Project, SigningKey, elliptic, rsa_key
from tests.support.service import ServiceProcess

JWKS = "/auth/v1/.well-known/jwks.json"
SHARED_SECRET = "5d0c7f3ab94e61287f0a3c5e9b81d2647ae0f19c83b5d6e2"


@dataclass(frozen=True, slots=True)
class Target:
    """A project that signs with ES256 and RS256, that used to sign with a shared secret, and the service before it."""

    project: Project
    service: ServiceProcess
    es: SigningKey
    rs: SigningKey

    def me(self, token: str | None = None, **headers: str) -> httpx.Response:
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        return loopback.get(f"{self.service.url}/auth/me", headers={**bearer, **headers})

    def hs256(self, secret: str | bytes = SHARED_SECRET, algorithm: str = "HS256", **claims: Any) -> str:
        signing = jwt.PyJWS()
        payload = json.dumps(self.project.claims(**claims)).encode()
        key = secret.encode() if isinstance(secret, str) else secret
        header = b64(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
        algorithm_object = signing.get_algorithm_by_name(algorithm)
        return f"{header}.{b64(payload)}.{b64(algorithm_object.sign(f'{header}.{b64(payload)}'.encode(), key))}"


@pytest.fixture(scope="module")
def target(start_module_service: StartModuleService) -> Iterator[Target]:
    es, rs = elliptic("key-es"), rsa_key("key-rs")
    with Project(es, rs) as project:
        service = start_module_service({"SUPABASE_URL": project.url, "SUPABASE_JWT_SECRET": SHARED_SECRET})
        target = Target(project, service, es, rs)
        assert target.me(project.token()).status_code == 200
        yield target


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any], header: dict[str, Any] | bytes, signature: str = "") -> str:
    raw_header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return f"{b64(raw_header)}.{b64(json.dumps(claims).encode())}.{signature}"


def pem(key: SigningKey) -> bytes:
    return key.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def part(token: str, number: int) -> str:
    return token.split(".")[number]


def changed_payload(token: str, **claims: Any) -> str:
    payload = json.loads(base64.urlsafe_b64decode(part(token, 1) + "=="))
    return f"{part(token, 0)}.{b64(json.dumps(payload | claims).encode())}.{part(token, 2)}"


STRANGER = elliptic("key-es")  # another project's key with the same id
OTHER_RSA = rsa_key("key-rs")

MADE_UP: dict[str, Callable[[Target], str]] = {
    # No signature
    "alg_none": lambda t: unsigned(t.project.claims(), {"alg": "none", "typ": "JWT"}),
    "alg_none_in_mixed_case": lambda t: unsigned(t.project.claims(), {"alg": "nOnE", "typ": "JWT"}, "x"),
    "alg_none_with_a_good_signature": lambda t: unsigned(t.project.claims(), {"alg": "none"}, part(t.project.token(), 2)),
    "alg_empty": lambda t: unsigned(t.project.claims(), {"alg": ""}, "x"),
    "alg_null": lambda t: unsigned(t.project.claims(), {"alg": None}, "x"),
    "alg_is_a_list": lambda t: unsigned(t.project.claims(), {"alg": ["none", "ES256"]}, "x"),
    "alg_missing": lambda t: unsigned(t.project.claims(), {"typ": "JWT"}, "x"),
    "signature_stripped": lambda t: t.project.token().rpartition(".")[0] + ".",
    "signature_and_its_dot_stripped": lambda t: t.project.token().rpartition(".")[0],
    "signature_of_zeros": lambda t: t.project.token().rpartition(".")[0] + "." + b64(bytes(64)),
    "signature_of_another_token": lambda t: changed_payload(t.project.token(), sub="00000000-0000-4000-8000-000000000000"),
    "role_changed": lambda t: changed_payload(t.project.token(), role="service_role"),
    # A key of one kind for an algorithm of another
    "hs256_with_the_rsa_public_key": lambda t: t.hs256(pem(t.rs)),
    "hs256_with_the_ec_public_key": lambda t: t.hs256(pem(t.es)),
    "hs256_with_the_public_key_stripped": lambda t: t.hs256(pem(t.rs).strip()),
    "hs256_with_the_published_jwk": lambda t: t.hs256(json.dumps(t.es.jwk)),
    "hs256_with_the_modulus": lambda t: t.hs256(t.rs.jwk["n"]),
    "hs256_with_an_empty_secret": lambda t: t.hs256(b""),
    "hs256_with_a_guessed_secret": lambda t: t.hs256("super-secret-jwt-token-with-at-least-32-characters-long"),
    "hs384_with_the_shared_secret": lambda t: t.hs256(algorithm="HS384"),
    "hs512_with_the_shared_secret": lambda t: t.hs256(algorithm="HS512"),
    "rs256_header_on_an_es256_key": lambda t: t.project.token(OTHER_RSA, {"kid": "key-es"}),
    "es256_header_on_an_rs256_key": lambda t: t.project.token(STRANGER, {"kid": "key-rs"}),
    "ps256_with_an_rsa_key": lambda t: jwt.encode(t.project.claims(), t.rs.private, "PS256", {"kid": "key-rs"}),
    "rs512_with_the_rsa_key": lambda t: jwt.encode(t.project.claims(), t.rs.private, "RS512", {"kid": "key-rs"}),
    # The key id, and other ways to name a key
    "another_project_s_ec_key_with_the_same_id": lambda t: t.project.token(STRANGER),
    "another_project_s_rsa_key_with_the_same_id": lambda t: t.project.token(OTHER_RSA),
    "unknown_key_id": lambda t: t.project.token(STRANGER, {"kid": "key-unknown"}),
    "key_id_with_a_path": lambda t: t.project.token(STRANGER, {"kid": "../../../../dev/null"}),
    "key_id_with_sql": lambda t: t.project.token(STRANGER, {"kid": "x' UNION SELECT 'secret' -- "}),
    "key_id_with_a_url": lambda t: t.project.token(STRANGER, {"kid": "https://evil.example/jwks.json"}),
    "key_id_with_a_command": lambda t: t.project.token(STRANGER, {"kid": "key-es|/usr/bin/id"}),
    "key_id_with_a_nul": lambda t: t.project.token(STRANGER, {"kid": "key-es\x00"}),
    "key_id_is_a_list": lambda t: unsigned(t.project.claims(), {"alg": "ES256", "kid": ["key-es"]}, "x"),
    "key_id_is_empty": lambda t: t.project.token(STRANGER, {"kid": ""}),
    "key_id_missing": lambda t: unsigned(t.project.claims(), {"alg": "ES256"}, part(t.project.token(), 2)),
    "key_in_the_header": lambda t: t.project.token(STRANGER, {"jwk": STRANGER.jwk}),
    "key_set_url_in_the_header": lambda t: t.project.token(STRANGER, {"jku": f"{t.project.url}/evil/jwks.json"}),
    "certificate_url_in_the_header": lambda t: t.project.token(STRANGER, {"x5u": f"{t.project.url}/evil/cert.pem"}),
    "certificate_in_the_header": lambda t: t.project.token(STRANGER, {"x5c": [b64(pem(STRANGER))]}),
    # What a good signature does not make good
    "critical_extension_that_nobody_knows": lambda t: t.project.token(headers={"crit": ["exp"], "exp": 1}),
    "detached_payload": lambda t: unsigned(t.project.claims(), {"alg": "ES256", "kid": "key-es", "b64": False}, "x"),
    "expired": lambda t: t.project.token(exp=int(time.time()) - 60),
    "expired_in_1970": lambda t: t.project.token(exp=0),
    "no_expiry": lambda t: t.project.token(exp=None),
    "expiry_is_a_word": lambda t: t.project.token(exp="never"),
    "expiry_is_infinite": lambda t: t.project.token(exp=float("inf")),
    "expiry_is_not_a_number": lambda t: t.project.token(exp=float("nan")),
    "not_valid_yet": lambda t: t.project.token(nbf=int(time.time()) + 3_600),
    "another_audience": lambda t: t.project.token(aud="anon"),
    "a_list_of_other_audiences": lambda t: t.project.token(aud=["admin", "authenticated-admin"]),
    "no_audience": lambda t: t.project.token(aud=None),
    "another_project_as_issuer": lambda t: t.project.token(iss="https://evil.supabase.co/auth/v1"),
    "issuer_with_this_one_as_a_prefix": lambda t: t.project.token(iss=t.project.issuer + ".evil.example"),
    "issuer_with_a_slash_more": lambda t: t.project.token(iss=t.project.issuer + "/"),
    "issuer_is_a_list": lambda t: t.project.token(iss=[t.project.issuer]),
    "shared_secret_with_another_issuer": lambda t: t.hs256(iss="https://evil.supabase.co/auth/v1"),
    "no_subject": lambda t: t.project.token(sub=None),
    "empty_subject": lambda t: t.project.token(sub=""),
    "older_project_s_anon_key": lambda _: jwt.encode({"iss": "supabase", "role": "anon", "exp": 2**33}, SHARED_SECRET),
    "older_project_s_service_role_key": lambda _: jwt.encode({"role": "service_role", "exp": 2**33}, SHARED_SECRET),
    # What is no token at all
    "one_word": lambda _: "null",
    "dots": lambda _: "..",
    "five_parts_as_of_an_encrypted_token": lambda t: t.project.token() + ".x.y",
    "header_that_is_not_json": lambda t: f"{b64(b'{not json')}.{part(t.project.token(), 1)}.x",
    "header_that_is_a_list": lambda t: f"{b64(b'[]')}.{part(t.project.token(), 1)}.x",
    "header_that_is_not_utf_8": lambda t: f"{b64(bytes([255, 254]))}.{part(t.project.token(), 1)}.x",
    "header_nested_a_thousand_times": lambda _: unsigned({}, b'{"alg":' + b"[" * 4_000 + b"]" * 1_000, "x"),
    "header_with_a_number_of_5000_digits": lambda _: unsigned(
        {}, b'{"alg":"ES256","kid":"key-es","x":' + b"9" * 5_000 + b"}", "x"
    ),
    "header_with_alg_twice": lambda t: unsigned(t.project.claims(), b'{"alg":"ES256","alg":"none"}', "x"),
    "thirty_three_kilobytes": lambda t: t.project.token(padding="x" * 24_900),
    "standard_base64": lambda t: t.project.token().rpartition(".")[0] + "./+/+",
    "padding_in_the_middle": lambda t: part(t.project.token(), 0) + "=." + ".".join(t.project.token().split(".")[1:]),
    "space_inside": lambda t: t.project.token().replace(".", " .", 1),
    "letter_behind": lambda t: t.project.token() + " x",
    "publishable_key": lambda _: "sb_publishable_kD83jfoqPw92mxNcQ1",
    "secret_key": lambda _: "sb_secret_Zq02mNvB7xLpT4sWdE9r",
    "refresh_token": lambda _: "01a203cb-aea2-7187-82a7-373b1d8c241a",
}


@pytest.mark.parametrize("make", MADE_UP.values(), ids=MADE_UP)
def test_a_worthless_token_is_refused_and_asks_supabase_nothing(target: Target, make: Callable[[Target], str]) -> None:
    token = make(target)
    before = len(target.project.requests)
    response = target.me(token)
    assert (response.status_code, response.json()) == (
        401,
        {"code": "unauthorized", "message": "Missing or invalid token", "details": {}},
    )
    assert response.headers["www-authenticate"] == 'Bearer realm="latchkey", error="invalid_token"'
    asked = [request.path for request in target.project.requests[before:]]
    assert asked in ([], [JWKS])


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda t: t.project.token(t.es), id="es256"),
        pytest.param(lambda t: t.project.token(t.rs), id="rs256"),
        pytest.param(lambda t: t.hs256(), id="shared_secret"),
        pytest.param(lambda t: t.project.token(exp=int(time.time()) - 2), id="expired_within_the_leeway"),
        pytest.param(lambda t: t.project.token(aud=["authenticated", "other"]), id="one_of_two_audiences"),
        pytest.param(lambda t: t.project.token(iss=None), id="no_issuer"),
        pytest.param(lambda t: t.hs256(iss=None), id="no_issuer_and_the_shared_secret"),
        pytest.param(lambda t: t.project.token(iat=int(time.time()) + 15), id="a_clock_that_runs_ahead"),
    ],
)
def test_a_good_token_is_the_control_of_these_attacks(target: Target, make: Callable[[Target], str]) -> None:
    response = target.me(make(target))
    assert response.status_code == 200, response.text
    assert response.json()["user"]["id"] == USER_ID


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        pytest.param([], "?access_token={token}", id="in_the_query"),
        pytest.param([("Cookie", "access_token={token}; sb-access-token={token}")], "", id="in_a_cookie"),
        pytest.param([("X-Authorization", "Bearer {token}")], "", id="in_another_header"),
        pytest.param([("Proxy-Authorization", "Bearer {token}")], "", id="for_a_proxy"),
        pytest.param([("Authorization", "Basic {token}")], "", id="as_basic"),
        pytest.param([("Authorization", "{token}")], "", id="without_a_scheme"),
        pytest.param([("Authorization", "Bearer"), ("X-Token", "{token}")], "", id="scheme_without_a_token"),
        pytest.param([("Authorization", "Bearer, {token}")], "", id="scheme_with_a_comma"),
        pytest.param([("Authorization", "Bearer\t{token}")], "", id="tab_for_the_space"),
        pytest.param([("Authorization", "Bearer {token}"), ("Authorization", "Bearer x")], "", id="two_headers"),
        pytest.param([("Authorization", "Bearer {token}, Bearer {token}")], "", id="two_in_one_header"),
    ],
)
def test_a_good_token_in_the_wrong_place_is_no_token(target: Target, headers: list[tuple[str, str]], query: str) -> None:
    token = target.project.token()
    sent = [(name, value.format(token=token)) for name, value in headers]
    url = f"{target.service.url}/auth/me{query.format(token=token)}"
    response = loopback.get(url, headers=sent)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


def test_a_token_of_somebody_else_than_supabase_says_is_not_believed(target: Target) -> None:
    response = target.me(target.project.token(sub="11111111-2222-4333-8444-555555555555"))
    assert (response.status_code, response.json()["code"]) == (502, "upstream_error")


@pytest.mark.thorough
def test_a_flood_of_worthless_tokens_costs_supabase_no_request(target: Target) -> None:
    tokens = [make(target) for make in MADE_UP.values()]
    tokens += [target.project.token(STRANGER, {"kid": f"made-up-{number}"}) for number in range(200)]
    before = len(target.project.requests)
    started = time.monotonic()
    with ThreadPoolExecutor(64) as pool, httpx.Client(trust_env=False, verify=TRUST_NOBODY, timeout=60) as client:
        url = f"{target.service.url}/auth/me"
        statuses = list(
            pool.map(lambda token: client.get(url, headers={"Authorization": f"Bearer {token}"}).status_code, tokens)
        )
    asked = [request.path for request in target.project.requests[before:]]
    assert set(statuses) == {401}
    assert set(asked) <= {JWKS}
    assert len(asked) <= 2 + time.monotonic() - started


@pytest.mark.thorough
def test_keys_rotate_while_a_stranger_sends_made_up_ids_and_no_good_token_is_refused(target: Target) -> None:
    url, stop = f"{target.service.url}/auth/me", Event()
    limits = httpx.Limits(max_connections=None)

    def flood(client: httpx.Client, number: int) -> set[int]:
        statuses: set[int] = set()
        while not stop.is_set():
            token = target.project.token(STRANGER, {"kid": f"made-up-{number}-{time.monotonic()}"})
            statuses.add(client.get(url, headers={"Authorization": f"Bearer {token}"}).status_code)
        return statuses

    before, started = target.project.count(JWKS), time.monotonic()
    new_keys = [elliptic(f"new-{number}") for number in range(3)]
    with (
        ThreadPoolExecutor(130) as pool,
        httpx.Client(trust_env=False, verify=TRUST_NOBODY, timeout=60, limits=limits) as client,
    ):
        floods = [pool.submit(flood, client, number) for number in range(130)]
        answers = []
        try:
            for key in new_keys:
                target.project.keys.append(key)
                time.sleep(0.4)  # not in step with the fetches
                answers.append(_until_told(target, target.project.token(key)))
        finally:
            stop.set()
            target.project.keys[:] = [key for key in target.project.keys if key not in new_keys]
        strangers = set().union(*(one.result() for one in floods))
    assert [status for status, _ in answers] == [200, 200, 200]
    assert {early for _, waits in answers for early in waits} <= {(503, "1")}
    assert strangers <= {401, 503}
    assert target.project.count(JWKS) - before <= 2 + time.monotonic() - started


def _checks(target: Target) -> tuple[float, float]:
    """Tokens that passed so far: known ones, and those whose signature was checked."""
    found = scrape(target.service.url)
    return found["latchkey_token_checks_total", "hit"], found["latchkey_token_checks_total", "miss"]


def _remembered(target: Target) -> float:
    return scrape(target.service.url)["latchkey_remembered_tokens",]


def test_a_signature_is_checked_once_and_supabase_asked_each_time(target: Target) -> None:
    token, (hits, misses), asked = target.project.token(), _checks(target), target.project.count("/auth/v1/user")
    assert [target.me(token).status_code for _ in range(3)] == [200, 200, 200]
    assert _checks(target) == (hits + 2, misses + 1)
    assert target.project.count("/auth/v1/user") == asked + 3


def test_a_token_whose_session_supabase_ended_is_refused_at_the_next_call(target: Target) -> None:
    token = target.project.token()
    assert target.me(token).status_code == 200
    target.project.ended.add(token)
    assert (target.me(token).status_code, target.me(token).json()["code"]) == (401, "unauthorized")


@pytest.mark.thorough
def test_a_remembered_token_expires_on_time(target: Target) -> None:
    """With two seconds left of the ten of leeway."""
    token = target.project.token(exp=int(time.time()) - 8)
    assert target.me(token).status_code == 200
    time.sleep(3)
    assert target.me(token).status_code == 401


@pytest.mark.thorough
def test_a_withdrawn_key_takes_the_tokens_with_it_that_it_vouched_for(target: Target) -> None:
    withdrawn = elliptic("withdrawn")
    target.project.keys.append(withdrawn)
    tokens = [target.project.token(withdrawn, number=number) for number in range(3)]
    assert {_until_told(target, token)[0] for token in tokens} == {200}
    before = _remembered(target)
    target.project.keys.remove(withdrawn)
    _until_told(target, target.project.token(STRANGER, {"kid": f"made-up-{time.monotonic()}"}))  # so that the keys are fetched
    assert _until_told(target, tokens[0])[0] == 401
    assert _remembered(target) == before - 3
    target.project.keys.append(replaced := elliptic("withdrawn"))
    try:
        assert _until_told(target, target.project.token(replaced))[0] == 200
        assert target.me(tokens[1]).status_code == 401, "another key of the same id vouches for nothing of the first"
    finally:
        target.project.keys.remove(replaced)


def test_a_known_token_with_another_key_id_or_signature_is_another_token(target: Target) -> None:
    token = target.project.token()
    assert target.me(token).status_code == 200
    header, payload, signature = token.split(".")
    renamed = b64(json.dumps({"alg": "ES256", "typ": "JWT", "kid": "key-rs"}).encode())
    for forged in (
        f"{renamed}.{payload}.{signature}",
        f"{header}.{payload}.{part(target.project.token(STRANGER), 2)}",
        changed_payload(token, sub="11111111-2222-4333-8444-555555555555"),
    ):
        assert target.me(forged).status_code == 401


@pytest.mark.thorough
def test_worthless_tokens_are_not_remembered_and_push_nothing_out(target: Target) -> None:
    token = target.project.token()
    assert target.me(token).status_code == 200
    before, (hits, misses) = _remembered(target), _checks(target)
    worthless = [target.project.token(STRANGER, number=number) for number in range(100)]
    worthless += [target.project.token(exp=int(time.time()) - 60, number=number) for number in range(50)]
    assert {target.me(each).status_code for each in worthless} == {401}
    assert _remembered(target) == before
    assert target.me(token).status_code == 200
    assert _checks(target) == (hits + 1, misses)


def _until_told(target: Target, token: str) -> tuple[int, list[tuple[int, str | None]]]:
    """The first status that is not 503, and the answers before it."""
    earlier: list[tuple[int, str | None]] = []
    while (response := target.me(token)).status_code == 503:
        earlier.append((503, response.headers.get("retry-after")))
    return response.status_code, earlier


@pytest.mark.thorough
def test_without_the_shared_secret_its_tokens_are_refused(start_module_service: StartModuleService, target: Target) -> None:
    service = start_module_service({"SUPABASE_URL": target.project.url, "SUPABASE_JWT_SECRET": None})
    strict = Target(target.project, service, target.es, target.rs)
    assert strict.me(target.project.token()).status_code == 200
    for token in (target.hs256(), target.hs256(b""), target.hs256(pem(target.rs)), target.hs256("None")):
        assert strict.me(token).status_code == 401


@pytest.mark.thorough
def test_while_keys_cannot_be_fetched_made_up_ids_cost_next_to_nothing(start_module_service: StartModuleService) -> None:
    with Project(elliptic("key")) as project:
        project.jwks_status = 500
        service = start_module_service({"SUPABASE_URL": project.url})
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool, httpx.Client(trust_env=False, verify=TRUST_NOBODY, timeout=60) as client:
            tokens = [project.token(STRANGER, {"kid": f"made-up-{number}"}) for number in range(100)]
            url = f"{service.url}/auth/me"
            answers = list(pool.map(lambda token: client.get(url, headers={"Authorization": f"Bearer {token}"}), tokens))
        assert {answer.json()["code"] for answer in answers} == {"upstream_error"}
        assert project.count(JWKS) <= 2 + (time.monotonic() - started)
        assert project.count("/auth/v1/user") == 0


def test_a_stolen_session_cannot_be_used_after_sign_out(service: ServiceProcess, keys: Keys) -> None:
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email)
    stolen, cookie = str(browser.access_token), str(browser.refresh_token)
    assert browser.logout().status_code == 200
    thief = Browser(service.url)
    assert thief.me(stolen).status_code == 401
    assert thief.post("/auth/refresh", headers={"Cookie": f"sb_refresh_token={cookie}"}).status_code == 401
    assert keys.jwt_secret not in service.log
