"""What stands before Supabase Auth, and what it tells about itself."""

from __future__ import annotations

from tests.recorded.scenarios.scene import Scene, scenario

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@scenario()
def gateway(s: Scene) -> None:
    """No key, a wrong one, the secret one from a browser; an unknown path; keys, health, settings."""
    s.call("GET", "/settings", key="")
    s.call("GET", "/settings", key="sb_publishable_wrong")
    s.call("GET", "/settings", key=s.upstream.keys.secret_key, headers=BROWSER)
    s.call("GET", "/nothing")
    s.call("GET", "/.well-known/jwks.json", key="")
    s.call("GET", "/health")
    s.call("GET", "/settings")
