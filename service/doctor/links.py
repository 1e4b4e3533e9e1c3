"""Where the links of mails and the returns from providers lead, as far as Supabase shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlencode, urlsplit

from service.doctor.asking import Asking, Said
from service.doctor.finding import Finding, note, ok, todo
from service.settings import Settings

# As they are asked for: an entry of the allow-list has to take the query, too, and `*` ends at a dot.
_PAGES: Final = ("/account/confirm", "/account/return")
_FLOW: Final = "?flow=W10~doctor~doctor"
_NOBODYS: Final = "https://doctor.invalid/"


async def look_at_links(asking: Asking, settings: Settings) -> AsyncIterator[Finding]:
    """By the link of a mail that was never sent: Supabase redirects its failure to where it would lead a success."""
    frontend = settings.frontend
    yield note(
        "mail templates",
        f"cannot be seen here: their links have to lead to {frontend}{_PAGES[0]} (docs/operations.md, Mails)",
    )
    site, said = await _leads_to(asking, _NOBODYS)
    if not site:
        yield note("redirect allow-list", f"cannot be seen here ({said.in_short})")
        return
    if site.rstrip("/") == frontend:
        yield ok("site URL", f"is {frontend}, where invitations lead")
    elif urlsplit(site).netloc == urlsplit(_NOBODYS).netloc:
        yield todo("redirect allow-list", f"takes any address: leave only {frontend}/account/** there")
    else:
        yield todo("site URL", f"is {site[:200]} there, and the front end is {frontend}: invitations would lead astray")
    for page in _PAGES:
        wanted = frontend + page
        where, _ = await _leads_to(asking, wanted + _FLOW)
        if where == wanted:
            yield ok("redirect allow-list", f"has {wanted}")
        else:
            found = f"links would lead to {where[:200]} without a word (add {frontend}/account/**)"
            yield todo("redirect allow-list", f"lacks {wanted}: {found}")


async def _leads_to(asking: Asking, redirect_to: str) -> tuple[str, Said]:
    """The address, without query and fragment; empty where Supabase does not redirect."""
    query = urlencode({"token": "doctor", "type": "magiclink", "redirect_to": redirect_to})
    said = await asking.get(f"/auth/v1/verify?{query}")
    redirects = said.status in range(300, 400)
    return said.headers.get("location", "").partition("#")[0].partition("?")[0] if redirects else "", said
