"""What a token must be, beyond what the attacks on the running service try."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import JWKRegistry, Key
from jwt import PyJWS
from jwt.algorithms import OKPAlgorithm

from service.security.access_token import AccessTokenVerifier, InvalidTokenError
from tests.support.project import elliptic, rsa_key

SECRET = "5d0c7f3ab94e61287f0a3c5e9b81d2647ae0f19c83b5d6e2"
ISSUER = "https://abc.supabase.co/auth/v1"
HEADER = {"alg": "HS256", "typ": "JWT"}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def verifier(keys: Mapping[str, Key] | None = None, secret: str | None = SECRET) -> AccessTokenVerifier:
    async def find_key(key_id: str) -> Key | None:
        return (keys or {}).get(key_id)

    return AccessTokenVerifier(issuer=ISSUER, audience="authenticated", leeway=10, secret=secret, find_key=find_key)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload: bytes, header: bytes | None = None) -> str:
    """A token with a good signature, whatever is in it."""
    text = f"{b64(json.dumps(HEADER).encode() if header is None else header)}.{b64(payload)}"
    return f"{text}.{b64(hmac.digest(SECRET.encode(), text.encode(), 'sha256'))}"


def claims(**changed: Any) -> dict[str, Any]:
    """A claim that is ... is left out."""
    good = {"sub": "1", "aud": "authenticated", "exp": int(time.time()) + 60, "iss": ISSUER}
    return {name: value for name, value in (good | changed).items() if value is not ...}


def token(**changed: Any) -> str:
    return signed(json.dumps(claims(**changed)).encode())


async def reason(value: str, by: AccessTokenVerifier | None = None) -> str | None:
    try:
        await (by or verifier()).verify(value)
    except InvalidTokenError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        (ISSUER, None),
        (..., None),
        (None, "issuer"),
        ("", "issuer"),
        ([ISSUER], "issuer"),
        ("https://evil.example", "issuer"),
        (ISSUER + "/", "issuer"),
    ],
)
async def test_a_token_may_name_no_issuer_and_never_another_one(issuer: object, expected: str | None) -> None:
    assert await reason(token(iss=issuer)) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"exp": ...}, "claims", id="no_expiry"),
        pytest.param({"exp": 1}, "time", id="expired"),
        pytest.param({"exp": True}, "claims", id="expiry_is_true"),
        pytest.param({"exp": "2099"}, "claims", id="expiry_is_text"),
        pytest.param({"exp": float("nan")}, "claims", id="expiry_is_not_a_number"),
        pytest.param({"exp": float("inf")}, "claims", id="expiry_is_infinite"),
        pytest.param({"exp": 10**400}, None, id="expiry_is_far_away"),
        pytest.param({"nbf": 10**400}, "time", id="never_valid"),
        pytest.param({"sub": ...}, "claims", id="no_subject"),
        pytest.param({"sub": ""}, "claims", id="empty_subject"),
        pytest.param({"sub": 1}, "claims", id="subject_is_a_number"),
        pytest.param({"sub": ["1"]}, "claims", id="subject_is_a_list"),
        pytest.param({"aud": ...}, "claims", id="no_audience"),
        pytest.param({"aud": "anon"}, "audience", id="another_audience"),
        pytest.param({"aud": ["x", "authenticated"]}, None, id="one_of_two_audiences"),
        pytest.param({"aud": ["x", 1, "authenticated"]}, "audience", id="an_audience_is_a_number"),
        pytest.param({"aud": {"authenticated": 1}}, "audience", id="audience_is_an_object"),
        pytest.param({"aud": []}, "audience", id="no_audience_in_the_list"),
    ],
)
async def test_claims_are_what_they_must_be(changed: dict[str, Any], expected: str | None) -> None:
    assert await reason(token(**changed)) == expected


async def test_the_leeway_is_for_expiry_and_for_not_before() -> None:
    now = int(time.time())
    assert await reason(token(exp=now - 5)) is None
    assert await reason(token(exp=now - 15)) == "time"
    assert await reason(token(nbf=now + 5)) is None
    assert await reason(token(nbf=now + 15)) == "time"


@pytest.mark.parametrize("issued", [2**33, 0, "yesterday", None, float("inf")])
async def test_when_a_token_was_issued_is_not_judged(issued: object) -> None:
    assert await reason(token(iat=issued)) is None


@pytest.mark.parametrize("value", ["", "a.b", "a.b.c\n", "a.b.c\x00", "\u00e4.b.c", "a.b.\u0663", "a..c", "a.b.c.d.e"])
async def test_what_has_not_the_shape_of_a_token_is_not_parsed(value: str) -> None:
    assert await reason(value) == "shape"


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_token_has_one_spelling(part: int) -> None:
    """Bits behind the last byte mean nothing (RFC 4648 section 3.5): with them, one token would be many texts."""
    payload, header = json.dumps(claims()).encode(), b'{"alg":"HS256"}'
    good = signed(*(text + b" " * ((1 - len(text)) % 3) for text in (payload, header)))  # so that each part has such bits
    assert await reason(good) is None
    parts = good.split(".")
    parts[part] = parts[part][:-1] + ALPHABET[ALPHABET.index(parts[part][-1]) + 1]
    if part < 2:  # signed as it is spelt, so that nothing else is wrong
        parts[2] = b64(hmac.digest(SECRET.encode(), f"{parts[0]}.{parts[1]}".encode(), "sha256"))
    assert await reason(".".join(parts)) == ("signature" if part == 2 else "shape")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(b'{"alg":"HS256","crit":[]}', "shape", id="crit_that_is_empty"),
        pytest.param(b'{"alg":"HS256","crit":["b64"],"b64":false}', "shape", id="crit_that_the_library_knows"),
        pytest.param(b'{"alg":"HS256","crit":["exp"],"exp":1}', "shape", id="crit_that_nobody_knows"),
        pytest.param(b'{"alg":"HS256","b64":false}', "shape", id="unencoded_payload"),
        pytest.param(b'["alg"]', "shape", id="list"),
        pytest.param(b'["alg","b64"]', "shape", id="list_of_names"),
        pytest.param(b'"alg"', "shape", id="text"),
        pytest.param(b"1", "shape", id="number"),
        pytest.param(b"null", "shape", id="null"),
        pytest.param(b"{}", "shape", id="empty"),
        pytest.param(b'{"alg":{}}', "algorithm", id="algorithm_is_an_object"),
        pytest.param(b'{"alg":"HS256","x":' + b"[" * 300 + b"]" * 300 + b"}", "shape", id="longer_than_any_of_supabase"),
        pytest.param(b'{"alg":"HS384"}', "algorithm", id="hs384"),
        pytest.param(b'{"alg":"hs256"}', "algorithm", id="lower_case"),
        pytest.param(b'{"alg":"HS256","alg":"none"}', "algorithm", id="the_last_of_two_algorithms_counts"),
        pytest.param(b'{"alg":"none","alg":"HS256"}', None, id="and_the_first_one_does_not"),
        pytest.param(b'{"alg":"ES256"}', "key", id="no_key_id"),
        pytest.param(b'{"alg":"ES256","kid":1}', "key", id="key_id_is_a_number"),
        pytest.param(b'{"alg":"ES256","kid":"x"}', "key", id="unknown_key_id"),
        pytest.param(b'{"alg":"HS256","kid":"x","jku":5,"own":{}}', None, id="what_names_a_key_is_not_looked_at"),
    ],
)
async def test_headers_are_what_they_must_be(header: bytes, expected: str | None) -> None:
    assert await reason(signed(json.dumps(claims()).encode(), header)) == expected


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b'{"sub":' + b"[" * 2_500 + b"]" * 2_500 + b"}", id="deep"),
        pytest.param(b'{"exp":' + b"9" * 5_000 + b"}", id="number_of_5000_digits"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{", id="cut_off"),
        pytest.param(b"\xff\xfe", id="not_utf_8"),
    ],
)
async def test_signed_claims_that_cannot_be_read_are_refused(payload: bytes) -> None:
    assert await reason(signed(payload)) == "claims"


async def test_of_a_claim_that_is_there_twice_the_last_one_counts() -> None:
    good = json.dumps(claims())[:-1]
    assert await reason(signed(f'{good},"exp":1}}'.encode())) == "time"
    assert await reason(signed(f'{{"exp":1,{good[1:]}}}'.encode())) is None


async def test_an_algorithm_is_used_with_a_key_that_is_for_it_only() -> None:
    signing = {"ES256": elliptic("es"), "RS256": rsa_key("rs")}
    keys = {key.key_id: JWKRegistry.import_key(key.jwk) for key in signing.values()}
    payload = json.dumps(claims()).encode()
    for algorithm, key in signing.items():
        own = PyJWS().encode(payload, key.private, algorithm, {"kid": key.key_id})
        assert await reason(own, verifier(keys)) is None
        for other in signing.values():
            if other is not key:
                stolen = PyJWS().encode(payload, key.private, algorithm, {"kid": other.key_id})
                assert await reason(stolen, verifier(keys)) == "key"
    unlabelled = {"es": JWKRegistry.import_key({name: part for name, part in signing["ES256"].jwk.items() if name != "alg"})}
    assert (
        await reason(PyJWS().encode(payload, signing["ES256"].private, "ES256", {"kid": "es"}), verifier(unlabelled)) == "key"
    )


async def test_eddsa_is_one_of_the_algorithms_and_nothing_is_written_to_stderr_about_it() -> None:
    private = Ed25519PrivateKey.generate()
    jwk = {**OKPAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "ed", "alg": "EdDSA", "use": "sig"}
    keys = {"ed": JWKRegistry.import_key(jwk)}
    good = PyJWS().encode(json.dumps(claims()).encode(), private, "EdDSA", {"kid": "ed"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await reason(good, verifier(keys)) is None
        assert await reason(good[:-8] + "AAAAAAAA", verifier(keys)) == "signature"


async def test_without_a_secret_hs256_is_no_algorithm() -> None:
    assert await reason(token(), verifier(secret=None)) == "algorithm"


async def test_the_token_stays_out_of_reprs() -> None:
    passed = await verifier().verify(token(session_id="s-1"))
    assert (passed.user_id, passed.session_id) == ("1", "s-1")
    assert passed.value not in repr(passed)
