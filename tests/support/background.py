"""What the service asks of Supabase by itself, every few seconds: whoever counts the calls of requests leaves it out."""

from __future__ import annotations


def is_readiness(target: str) -> bool:
    """Whether readiness asks this: `target` is a path with its query."""
    path, _, query = target.partition("?")
    if path == "/rest/v1/user_profile":
        return "id=eq." not in query
    return path in {"/auth/v1/health", "/rest/v1/rpc/latchkey_migration"}
