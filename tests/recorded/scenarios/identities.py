"""Sign-in by a provider, and linking: with a GitHub that says yes at once, as whom the project's own test server says."""

from __future__ import annotations

from urllib.parse import quote

from tests.recorded.scenarios.scene import RETURN, Scene, query_of, scenario
from tests.support.upstream.proofs import pkce

NOBODY = "00000000-0000-4000-8000-000000000000"


def _dance(s: Scene, url: str) -> str:
    """The provider, unseen, then the recorded callback: where the browser ends."""
    callback = s.upstream.wire.follow(url).location
    return s.follow(callback).location


def _link(s: Scene, token: str) -> str:
    """Link GitHub to the account of a token: where the browser ends."""
    _, challenge = pkce()
    query = f"provider=github&skip_http_redirect=true&{RETURN}&code_challenge={challenge}&code_challenge_method=s256"
    url: str = s.call("GET", f"/user/identities/authorize?{query}", token=token).json["url"]
    return _dance(s, url)


@scenario()
def oauth(s: Scene) -> None:
    """GitHub with PKCE: wrong verifier, exchange, second use; a redirect that is not allowed; providers that are not there."""
    s.upstream.next_at_provider(s.address("gh"))
    verifier, challenge = pkce()
    proof = f"code_challenge={challenge}&code_challenge_method=s256"
    started = s.call("GET", f"/authorize?provider=github&{RETURN}&{proof}", key="")
    code = query_of(_dance(s, started.location))["code"]
    exchange = {"auth_code": code, "code_verifier": verifier}
    s.call("POST", "/token?grant_type=pkce", {**exchange, "code_verifier": "wrong" * 10})
    s.call("POST", "/token?grant_type=pkce", exchange)
    s.note("again")
    s.call("POST", "/token?grant_type=pkce", exchange)
    s.note("a code that nobody made")
    s.call("POST", "/token?grant_type=pkce", {**exchange, "auth_code": NOBODY})
    evil = quote("https://evil.example/", safe="")
    started = s.call("GET", f"/authorize?provider=github&redirect_to={evil}&{proof}", key="")
    _dance(s, started.location)
    s.call("GET", f"/authorize?provider=google&{RETURN}", key="")
    s.call("GET", f"/authorize?provider=what&{RETURN}", key="")


@scenario()
def oauth_late(s: Scene) -> None:
    """The exchange more than five minutes after the callback."""
    gh = s.address("gh")
    s.upstream.next_at_provider(gh)
    verifier, challenge = pkce()
    started = s.call(
        "GET", f"/authorize?provider=github&{RETURN}&code_challenge={challenge}&code_challenge_method=s256", key=""
    )
    code = query_of(_dance(s, started.location))["code"]
    s.age("flow", gh, 301)
    s.call("POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": verifier})


@scenario()
def identities(s: Scene) -> None:
    """Link GitHub, look, link it to another account too, unlink; somebody else's, an unknown one, the last one, no id."""
    _, session = s.signed_in()
    token = session.access_token
    s.upstream.next_at_provider(s.address("gh"))
    _link(s, token)
    found = {i["provider"]: i["identity_id"] for i in s.call("GET", "/user", token=token).json["identities"]}
    _, other = s.signed_in("bob")
    s.note("the same GitHub, another account")
    _link(s, other.access_token)
    s.note("somebody else's")
    s.call("DELETE", f"/user/identities/{found['github']}", token=other.access_token)
    s.note("unknown, while there are two")
    s.call("DELETE", f"/user/identities/{NOBODY}", token=token)
    s.call("DELETE", f"/user/identities/{found['github']}", token=token)
    s.note("the last one")
    s.call("DELETE", f"/user/identities/{found['email']}", token=token)
    s.note("unknown, while there is one")
    s.call("DELETE", f"/user/identities/{NOBODY}", token=token)
    s.call("DELETE", "/user/identities/x", token=token)


@scenario()
def identities_email(s: Scene) -> None:
    """Unlink the e-mail identity, the GitHub's address being another account's; being nobody's, it becomes the account's."""
    for taken in (True, False):
        name = "taken" if taken else "free"
        _, session = s.signed_in(f"ada-{name}")
        gh = s.address(f"gh-{name}")
        s.upstream.next_at_provider(gh)
        if taken:
            s.upstream.person(gh)
        _link(s, session.access_token)
        user = s.call("GET", "/user", token=session.access_token).json
        found = {i["provider"]: i["identity_id"] for i in user["identities"]}
        s.call("DELETE", f"/user/identities/{found['email']}", token=session.access_token)
        s.call("GET", "/user", token=session.access_token)


@scenario(SECURITY_MANUAL_LINKING_ENABLED="false")
def linking_disabled(s: Scene) -> None:
    """Linking is switched off: link, unlink."""
    _, session = s.signed_in()
    s.call("GET", f"/user/identities/authorize?provider=github&{RETURN}", token=session.access_token)
    s.call("DELETE", f"/user/identities/{NOBODY}", token=session.access_token)
