"""Addresses and passwords that look alike, or are written in another way than they look."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.service import ServiceProcess

LOOK_ALIKES = {
    "cyrillic_a": lambda local: local.replace("user", "us\u0435r"),
    "greek_omicron_in_the_domain": lambda local: local,
    "full_width": lambda local: "".join(chr(ord(letter) + 0xFEE0) if letter.isalpha() else letter for letter in local),
    "mathematical_bold": lambda local: "\U0001d42e" + local[1:],
    "combining_mark": lambda local: local + "\u0301",
    "dotless_i": lambda local: local + "\u0131",
    "kelvin_sign": lambda local: local + "\u212a",
    "long_s": lambda local: local.replace("s", "\u017f"),
    "ligature": lambda local: local + "\ufb01",
    "zero_width_space": lambda local: local[:2] + "\u200b" + local[2:],
    "zero_width_joiner": lambda local: local[:2] + "\u200d" + local[2:],
    "soft_hyphen": lambda local: local[:2] + "\u00ad" + local[2:],
    "right_to_left_override": lambda local: "\u202e" + local,
    "byte_order_mark": lambda local: "\ufeff" + local,
    "tag_characters": lambda local: local + "\U000e0061",
    "no_break_space": lambda local: local + "\u00a0",
    "ideographic_full_stop": lambda local: local + "\u3002x",
    "variation_selector": lambda local: local + "\ufe0f",
}


@pytest.fixture
def account(service: ServiceProcess) -> str:
    email = new_email()
    assert Browser(service.url).sign_up(email).status_code == 200
    return email


@pytest.mark.thorough
@pytest.mark.parametrize("change", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_a_look_alike_is_neither_the_account_nor_a_new_one(browser: Browser, account: str, change: object) -> None:
    assert callable(change)
    local, _, domain = account.partition("@")
    address = f"{change(local)}@{domain}" if change(local) != local else f"{local}@example.c\u03bfm"
    # Sign-in asks Supabase about whatever may be an account's address, and Supabase has no such account.
    for response, answer in (
        (browser.sign_in(address), (401, "auth_invalid_credentials")),
        (browser.sign_up(address), (400, "invalid_request")),
    ):
        assert (response.status_code, response.json()["code"]) == answer
        assert cookies_set(response) == []


@pytest.mark.parametrize("spell", [str.upper, str.title, str.swapcase], ids=["upper", "title", "swapped"])
def test_upper_and_lower_case_are_one_account(browser: Browser, account: str, spell: object) -> None:
    assert callable(spell)
    assert browser.sign_up(spell(account)).status_code == 409
    signed_in = browser.sign_in(spell(account))
    assert (signed_in.status_code, signed_in.json()["user"]["email"]) == (200, account)


@pytest.mark.thorough
def test_a_domain_in_punycode_is_an_account_of_its_own(browser: Browser) -> None:
    local = new_email().partition("@")[0]
    assert browser.sign_up(f"{local}@xn--exmple-cua.com").status_code == 200
    assert browser.sign_up(f"{local}@ex\u00e4mple.com").status_code == 400
    assert browser.sign_in(f"{local}@ex\u00e4mple.com").status_code == 401


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC"])
def test_a_password_is_taken_as_it_was_typed(browser: Browser, form: Literal["NFC", "NFD", "NFKC"]) -> None:
    password, email = "cr\u00e8me br\u00fbl\u00e9e \ufb01ve \u212b", new_email()
    assert browser.sign_up(email, password).status_code == 200
    normalized = unicodedata.normalize(form, password)
    assert normalized != password
    assert browser.sign_in(email, normalized).status_code == 401
    assert browser.sign_in(email, password).status_code == 200


@pytest.mark.thorough
@pytest.mark.parametrize(
    "change", [str.upper, str.strip, lambda text: text + " "], ids=["upper_case", "stripped", "blank_behind"]
)
def test_a_password_is_not_tidied_up(browser: Browser, change: object) -> None:
    assert callable(change)
    password, email = " Correct horse ", new_email()
    assert browser.sign_up(email, password).status_code == 200
    assert browser.sign_in(email, change(password)).status_code == 401


@pytest.mark.thorough
def test_a_password_that_bcrypt_would_cut_off_is_refused_at_sign_up(browser: Browser) -> None:
    password, email = "\U0001f511" * 18, new_email()  # 72 bytes
    longer = browser.sign_up(email, password + "\U0001f511")
    assert (longer.status_code, longer.json()["details"]) == (422, {"reasons": ["length"]})
    assert browser.sign_up(email, password).status_code == 200
    assert browser.sign_in(email, password[:-1]).status_code == 401
    assert browser.sign_in(email, password).status_code == 200


@pytest.mark.parametrize("literal", [r"\ud800", r"\udfff\ud800", r"\u0000", r"long enough\u0000"])
def test_what_is_no_text_is_a_400(browser: Browser, literal: str) -> None:
    for field in ("email", "password", "displayName"):
        body = {"email": f'"{new_email()}"', "password": f'"{PASSWORD}"', "displayName": '"Ada"', field: f'"{literal}"'}
        content = (
            f'{{"email": {body["email"]}, "password": {body["password"]}, "profile": {{"displayName": {body["displayName"]}}}}}'
        )
        response = browser.post("/auth/signup", content=content.encode(), headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
def test_json_in_another_encoding_is_not_guessed_at(browser: Browser, encoding: str) -> None:
    content = '{"email": "ad\u00e4@example.com", "password": "correct horse"}'.encode(encoding)
    response = browser.post("/auth/signin", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
