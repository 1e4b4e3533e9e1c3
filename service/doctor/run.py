"""Runs all checks and prints what they found."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from service.assembly import build_verifier
from service.doctor.arrangement import look_around, look_at_captcha, look_at_forwarding, look_at_token
from service.doctor.asking import Asking
from service.doctor.finding import Finding, printed
from service.doctor.project import look_at_project
from service.settings import Settings
from service.supabase.project import Supabase


async def run(settings: Settings) -> int:
    """Print a line for each finding, as it comes. Returns the exit status: 0 where nothing has to be done, else 1."""
    left = 0
    async for finding in _findings(settings):
        sys.stdout.write(printed([finding]))
        sys.stdout.flush()
        left += finding.level == "todo"
    sys.stdout.write("All is well.\n" if not left else f"{left} to do; docs/operations.md and .env.example say more.\n")
    return 1 if left else 0


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for finding in look_around(settings):
        yield finding
    asking, supabase = Asking(settings), Supabase(settings)
    try:
        reachable = True
        async for finding in look_at_project(asking, settings):
            yield finding
            reachable = reachable and not (finding.level == "todo" and finding.subject == "SUPABASE_URL")
        yield look_at_forwarding(settings)
        if reachable:
            async for finding in look_at_captcha(settings, supabase):
                yield finding
            yield await look_at_token(supabase, build_verifier(settings, supabase))
    finally:
        asking.close()
        await supabase.aclose()
