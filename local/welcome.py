"""What a person reads once the service is ready."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.paths import ROOT

# Only its first lines differ from one set-up to the next.
SCRIPT: Final = r"""
  curl -s -b "$JAR" -c "$JAR" "$API/auth/signup" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -w '\n' -d '{"email":"ada@example.com","password":"correct horse battery staple","profile":{"displayName":"Ada Lovelace"}}'
  TOKEN=$(curl -s -b "$JAR" -c "$JAR" "$API/auth/signin" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -d '{"email":"ada@example.com","password":"correct horse battery staple"}' | sed -E 's/.*"accessToken": *"([^"]+)".*/\1/')
  curl -s "$API/auth/me" -H "Authorization: Bearer $TOKEN" -w '\n'
"""
FETCH_CSRF: Final = r"""$(curl -s -c "$JAR" "$API/auth/csrf" | sed -E 's/.*"csrfToken": *"([^"]+)".*/\1/')"""


def text(url: str, supabase: str, environment: Mapping[str, str], cookie_jar: Path) -> str:
    """Links, and lines of shell that sign up, sign in and ask who is signed in."""
    static_token = environment.get("CSRF_STATIC_TOKEN")
    csrf = shlex.quote(static_token) if static_token else FETCH_CSRF
    return f"""
Latchkey is ready.

  API         {url}
  Swagger UI  {url}/ui/
  Supabase    {supabase}
  Front end   `make web` in another terminal: an example, with every page that signing in needs

Sign up, sign in, and ask who you are (paste into another terminal):

  API={url} JAR={shlex.quote(str(cookie_jar))}
  CSRF={csrf}{SCRIPT}
Ctrl-C stops everything.
"""


def embedded(url: str, state_dir: Path, mailbox: str, *, confirmation: bool) -> str:
    """How the embedded Supabase is called, and below it the mailbox."""
    folder = state_dir.relative_to(ROOT) if state_dir.is_relative_to(ROOT) else state_dir
    said = "confirm there before you sign in" if confirmation else "EMAIL_CONFIRMATION=true: new addresses are confirmed there"
    return f"""{url} (embedded, for development; its data and log are in {folder}/)
              It has no second factors, devices or deletion: hence the warning migration_outdated
  Mailbox     {mailbox} ({said})"""
