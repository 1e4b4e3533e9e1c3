"""Flows: what a browser gets back is what it began, and nobody else's."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Callable

import pytest
from itsdangerous import URLSafeTimedSerializer

from service.security.flow import LIFETIMES, Flow, FlowExpiredError, FlowInvalidError, Flows, Intent
from service.security.mail_links import MailLinks
from service.security.signing import Signing

OLD, NEW = secrets.token_hex(32), secrets.token_hex(32)
# Of 32 bytes, as they come; the same in each process of a run, since they are in names of tests.
BROWSER, OTHER = "GVFltheI-k-afkXIigXMRAY51yhqEjwd4PDoxOtnebc", "YLbYoCu4JY9TA7jiIE94chBp6FdkY0in_knueyITdnM"
EMAIL = "ada@example.com"


def flows(*keys: str, later: float = 0) -> Flows:
    """Of a service with these secrets, so many seconds from now."""
    return Flows(Signing(keys or (NEW,)), clock=lambda: time.time() + later)


def begin(intent: Intent = Intent.recovery, subject: str = EMAIL, **more: str) -> str:
    value = flows().begin(BROWSER, intent, subject=subject, **more).value
    assert value is not None
    return value


def test_a_flow_comes_back_to_its_browser_with_what_it_was_begun_for() -> None:
    value = begin(Intent.link, "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11", return_to="/settings")
    flow = flows().read(value, BROWSER)
    assert (flow.intent, flow.return_to) == (Intent.link, "/settings")
    assert flow.is_about("0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11")
    assert not flow.is_about("7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10")


def test_it_is_about_one_account_however_its_address_is_written() -> None:
    flow = flows().read(begin(subject="Ada@Example.com"), BROWSER)
    assert flow.is_about("ada@example.com")
    assert flow.is_about("ADA@EXAMPLE.COM")
    assert not flow.is_about("eve@example.com")
    assert not flow.is_about("")


def test_nobody_reads_the_address_from_it() -> None:
    value = begin()
    assert EMAIL not in _content(value)
    assert hashlib.sha256(EMAIL.encode()).hexdigest()[:16] not in _content(value)
    assert _content(value) != _content(begin()), "and two of one account have nothing in common"


@pytest.mark.parametrize("browser", [OTHER, None, "", BROWSER[:-1], f"{BROWSER} ", BROWSER.lower()])
def test_another_browser_cannot_use_it(browser: str | None) -> None:
    with pytest.raises(FlowInvalidError):
        flows().read(begin(), browser)


@pytest.mark.parametrize("intent", Intent)
def test_it_lives_as_long_as_what_it_is_for(intent: Intent) -> None:
    value, lifetime = begin(intent), LIFETIMES[intent]
    assert lifetime == (600 if intent in {Intent.sign_in, Intent.link} else 86_400)
    assert flows(later=lifetime - 5).read(value, BROWSER).intent is intent
    with pytest.raises(FlowExpiredError) as expired:
        flows(later=lifetime + 5).read(value, BROWSER)
    assert expired.value.intent is intent


def test_a_secret_that_rotates_out_takes_its_flows_with_it_and_no_others() -> None:
    old = Flows(Signing([OLD])).begin(BROWSER, Intent.otp).value
    assert old is not None
    assert flows(NEW, OLD).read(old, BROWSER).intent is Intent.otp
    assert flows(NEW, OLD).read(begin(), BROWSER).intent is Intent.recovery
    with pytest.raises(FlowInvalidError):
        flows(NEW).read(old, BROWSER)


def test_the_verifier_is_the_same_after_a_rotation() -> None:
    begun = Flows(Signing([OLD])).begin(BROWSER, Intent.sign_in)
    assert begun.value is not None
    assert _challenge(flows(NEW, OLD).read(begun.value, BROWSER)) == begun.code_challenge


def test_the_challenge_is_the_verifier_s() -> None:
    """RFC 7636: 43 to 128 unreserved characters, and the challenge is base64url of their SHA-256."""
    begun = flows().begin(BROWSER, Intent.sign_in)
    assert begun.value is not None
    flow = flows().read(begun.value, BROWSER)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", flow.code_verifier)
    assert _challenge(flow) == begun.code_challenge
    assert flow.code_verifier not in begun.value
    assert flow.code_verifier not in repr(flow)


def test_no_two_flows_have_one_verifier() -> None:
    begun = [flows().begin(browser, intent) for browser in (BROWSER, OTHER) for intent in Intent for _ in range(5)]
    assert len({flow.code_challenge for flow in begun}) == len(begun)


@pytest.mark.parametrize("browser", [None, "", "short", f"{BROWSER}\0", "é" * 43])
def test_without_a_browser_there_is_a_challenge_that_nobody_can_meet_and_no_flow(browser: str | None) -> None:
    one, other = flows().begin(browser, Intent.otp), flows().begin(browser, Intent.otp)
    assert one.value is None
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", one.code_challenge)
    assert one.code_challenge != other.code_challenge


def _flipped(value: str) -> str:
    return ("A" if value[0] != "A" else "B") + value[1:]


def _shortened(value: str) -> str:
    return value[:-1]


def _without_signature(value: str) -> str:
    return value.rpartition("~")[0]


def _of_another_use(_value: str) -> str:
    """Signed by this service, for this browser even, but not as a flow."""
    return _text(Signing([NEW]).timed_serializer("latchkey.csrf").dumps(["recovery", "n", "t", None])).replace(".", "~")


def _of_another_intent(value: str) -> str:
    content, time_, signature = value.split("~")
    other = begin(Intent.otp).split("~")[0]
    assert content != other
    return f"{other}~{time_}~{signature}"


@pytest.mark.parametrize(
    "spoil",
    [_flipped, _shortened, _without_signature, _of_another_use, _of_another_intent, lambda _: "", lambda _: "~~", str.upper,
     lambda value: value * 40, lambda value: f"{value}~", lambda value: f"~{value}",
     lambda value: value.replace("~", "."), lambda _: "a" * 5000, lambda _: "é.b.c"],
)  # fmt: skip
def test_what_this_service_did_not_make_is_no_flow(spoil: Callable[[str], str]) -> None:
    with pytest.raises(FlowInvalidError):
        flows().read(spoil(begin()), BROWSER)


@pytest.mark.parametrize("content", [[], {}, "recovery", ["recovery"], ["recovery", 1, "t", None], ["recovery", "n", "t", 7]])
def test_what_it_signed_in_another_shape_is_no_flow(content: object) -> None:
    salt = f"latchkey.flow {hashlib.sha256(BROWSER.encode()).hexdigest()}"
    serializer: URLSafeTimedSerializer = Signing([NEW]).timed_serializer(salt)
    with pytest.raises(FlowInvalidError):
        flows().read(_text(serializer.dumps(content)), BROWSER)


def test_an_intent_of_tomorrow_is_no_flow_of_today() -> None:
    salt = f"latchkey.flow {hashlib.sha256(BROWSER.encode()).hexdigest()}"
    value = _text(Signing([NEW]).timed_serializer(salt).dumps(["transfer", "n", "t", None]))
    with pytest.raises(FlowInvalidError):
        flows().read(value, BROWSER)


def test_the_link_of_a_mail_leads_to_the_front_end_and_carries_the_flow() -> None:
    links = MailLinks(flows(), "https://app.example.com/shop")
    link = links.begin(BROWSER, Intent.otp, EMAIL)
    page, _, flow = link.redirect_to.partition("?flow=")
    assert page == "https://app.example.com/shop/account/confirm"
    assert flows().read(flow, BROWSER).is_about(EMAIL)
    assert len(link.redirect_to) < 400
    assert links.begin(None, Intent.otp, EMAIL).redirect_to == page


def _challenge(flow: Flow) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(flow.code_verifier.encode()).digest()).rstrip(b"=").decode()


def _content(value: str) -> str:
    encoded = value.split("~")[0]
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def test_a_star_in_a_list_of_redirects_matches_it_and_no_url_escapes_it() -> None:
    """Supabase's "*" stops at a dot and at a slash."""
    assert re.fullmatch(r"[A-Za-z0-9_~-]+", begin())


def test_its_last_character_has_one_spelling() -> None:
    """Two bits of it stand for nothing, and would make four values of one flow."""
    value = begin()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = alphabet[alphabet.index(value[-1]) + 1]
    with pytest.raises(FlowInvalidError):
        flows().read(value[:-1] + twin, BROWSER)
