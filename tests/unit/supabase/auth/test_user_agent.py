"""What Supabase is told about the caller's program."""

from __future__ import annotations

import pytest

from service.request_context import RequestContext, enter
from service.supabase.auth.user_agent import as_sent, shown, summary
from tests.unit.supabase.auth.asking import ADA, ADDRESS, EMAIL, LINK, PASSWORD, headers_of
from tests.unit.supabase.auth.conftest import Asked

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (FIREFOX, "Firefox 140 on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Chrome 141 on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0", "Edge 141 on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome 141 on Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.5 Safari/605.1",
            "Safari 18 on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1 Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari 18 on iPhone",
        ),
        ("Mozilla/5.0 (compatible; something new)", "Browser"),
        ("curl/8.5.0", "curl 8"),
        ("okhttp", "okhttp"),
        ("", "latchkey"),
        ("\u263a", "latchkey"),
        ("(comment) first", "latchkey"),
    ],
)
def test_a_summary_says_in_short_what_it_is(sent: str, told: str) -> None:
    assert summary(sent) == told


def test_the_caller_s_own_words_are_what_a_header_can_carry() -> None:
    assert as_sent(FIREFOX) == FIREFOX
    assert as_sent("") == as_sent("   ") == "latchkey"
    assert as_sent("Grüße\r\nX-Evil: 1") == "Gr??e??X-Evil: 1"
    assert len(as_sent("x" * 10_000)) == 500


async def test_every_call_that_writes_a_session_tells_it_and_never_a_browser_s_own_beside_the_secret_key(asked: Asked) -> None:
    enter(RequestContext(client_address=ADDRESS, user_agent=FIREFOX))
    await asked.session.sign_in(EMAIL, PASSWORD)
    await asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None, link=LINK)
    await asked.session.refresh("r", client_address=None)
    await asked.session.refresh("r", client_address=ADDRESS)
    await asked.gotrue.client_of(ADA).get_user("token")
    told = [headers_of(exchange)["user-agent"] for exchange in asked.server.exchanges]
    assert told == [FIREFOX, FIREFOX, FIREFOX, "Firefox 140 on Linux", FIREFOX]
    for exchange in asked.server.exchanges:
        assert exchange.head.lower().count("user-agent:") == 1


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (FIREFOX, "Firefox 140 on Linux"),
        ("Firefox 140 on Linux", "Firefox 140 on Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("latchkey", None),
        ("", None),
        (None, None),
        ("\n\t\u202e", None),
        ("an\u202eapp\r\nof ours", "an app of ours"),
        ("<b>app</b>", "<b>app</b>"),
        ("x" * 500, "x" * 100),
        ("Mozilla/5.0", "Browser"),
    ],
)
def test_what_was_kept_is_shown_in_one_short_line(kept: str | None, told: str | None) -> None:
    assert shown(kept) == told
