"""What a person reads once the service is ready."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.paths import ROOT

# Only its first lines differ from one set-up to the next.
SIGN_UP: Final = r"""
  curl -s -b "$JAR" -c "$JAR" "$API/auth/signup" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -w '\n' -d '{"email":"ada@example.com","password":"correct horse battery staple","profile":{"displayName":"Ada Lovelace"}}'
"""
CONFIRM: Final = r"""
  curl -s -b "$JAR" -c "$JAR" "$API/auth/verify" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -o /dev/null -d '{"type":"signup","email":"ada@example.com","code":"'$(newest_code)'"}'
"""
SIGN_IN: Final = r"""
  TOKEN=$(curl -s -b "$JAR" -c "$JAR" "$API/auth/signin" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -d '{"email":"ada@example.com","password":"correct horse battery staple"}' | sed -E 's/.*"accessToken": *"([^"]+)".*/\1/')
  curl -s "$API/auth/me" -H "Authorization: Bearer $TOKEN" -w '\n'
"""
# Somebody else's, so that the lines above sign in when they are pasted again.
RECOVER: Final = r"""
  curl -s -b "$JAR" -c "$JAR" "$API/auth/signup" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -o /dev/null -d '{"email":"grace@example.com","password":"a password that she forgets"}'
  curl -s -b "$JAR" -c "$JAR" "$API/auth/password/recover" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -w '\n' -d '{"email":"grace@example.com"}'
  TOKEN=$(curl -s -b "$JAR" -c "$JAR" "$API/auth/verify" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
    -d '{"type":"recovery","email":"grace@example.com","code":"'$(newest_code)'"}' |
    sed -E 's/.*"accessToken": *"([^"]+)".*/\1/')
  curl -s -X PUT "$API/auth/password" -H "Authorization: Bearer $TOKEN" -H "X-CSRF-Token: $CSRF" -b "$JAR" \
    -H 'Content-Type: application/json' -w '\n' -d '{"newPassword":"another horse, '$(date +%s)'"}'
"""
FETCH_CSRF: Final = r"""$(curl -s -c "$JAR" "$API/auth/csrf" | sed -E 's/.*"csrfToken": *"([^"]+)".*/\1/')"""
NEWEST_CODE: Final = r"""newest_code() { curl -s MAILBOX/email | grep -oE '>[0-9]{6}<' | tail -n 1 | tr -d '<>'; }"""


def text(
    url: str,
    supabase: str,
    environment: Mapping[str, str],
    cookie_jar: Path,
    *,
    mailbox: str | None = None,
    confirmation: bool = False,
) -> str:
    """Links, and lines of shell that sign up, sign in and ask who is signed in; with a mailbox, those of a recovery too.

    `confirmation` says that a new address is confirmed before it can sign in.
    """
    static_token = environment.get("CSRF_STATIC_TOKEN")
    csrf = shlex.quote(static_token) if static_token else FETCH_CSRF
    codes = f"\n  {NEWEST_CODE.replace('MAILBOX', mailbox)}" if mailbox else ""
    lines = SIGN_UP + (CONFIRM.lstrip("\n") if confirmation and mailbox else "") + SIGN_IN.lstrip("\n")
    recovery = (
        f"""
Forget a password and choose another, by the code of a mail (paste there, at most once a minute):
{RECOVER}"""
        if mailbox
        else ""
    )
    return f"""
Latchkey is ready.

  API         {url}
  Swagger UI  {url}/ui/
  Supabase    {supabase}
  Front end   `make web` in another terminal: an example, with every page that signing in needs

Sign up, sign in, and ask who you are (paste into another terminal):

  API={url} JAR={shlex.quote(str(cookie_jar))}
  CSRF={csrf}{codes}{lines}{recovery}
Ctrl-C stops everything.
"""


def embedded(url: str, state_dir: Path, mailbox: str, *, confirmation: bool) -> str:
    """How the embedded Supabase is called, and below it the mailbox."""
    folder = state_dir.relative_to(ROOT) if state_dir.is_relative_to(ROOT) else state_dir
    said = "confirm there before you sign in" if confirmation else "EMAIL_CONFIRMATION=true: new addresses are confirmed there"
    return f"""{url} (embedded, for development; its data and log are in {folder}/)
              It has no second factors, devices or deletion: hence the warning migration_outdated
  Mailbox     {mailbox} ({said})"""
