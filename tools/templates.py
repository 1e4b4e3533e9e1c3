"""`python -m tools.templates --project REF`: put the mails of supabase/templates into a hosted project.

By Supabase's Management API (https://supabase.com/docs/reference/api, "Updates a project's auth config"), with a personal
access token in SUPABASE_ACCESS_TOKEN. It shows what would change, and changes it with --apply.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

ROOT: Final = Path(__file__).resolve().parent.parent
CONFIG: Final = ROOT / "supabase" / "config.toml"
API: Final = "https://api.supabase.com"
TIMEOUT: Final = 30.0  # seconds


class TemplatesError(Exception):
    """What a person must read before they try again: one line."""


def wanted(config: Path = CONFIG) -> dict[str, str]:
    """The project's settings as supabase/config.toml says: a subject and a content for each mail."""
    templates = tomllib.loads(config.read_text(encoding="utf-8"))["auth"]["email"]["template"]
    settings: dict[str, str] = {}
    for name, template in templates.items():
        settings[f"mailer_subjects_{name}"] = template["subject"]
        # Relative to the folder that `supabase/` is in, as the Supabase CLI has it.
        settings[f"mailer_templates_{name}_content"] = (config.parent.parent / template["content_path"]).read_text(
            encoding="utf-8"
        )
    return settings


class Project:
    """One hosted project, as the Management API shows it. Every method raises TemplatesError when it refuses or is away."""

    def __init__(self, reference: str, token: str, api: str = API) -> None:
        self._url = f"{api}/v1/projects/{reference}/config/auth"
        self._headers = {"Authorization": f"Bearer {token}"}

    def settings(self) -> dict[str, object]:
        """All settings of Auth. Some are secrets."""
        return self._ask("GET", None)

    def change(self, settings: Mapping[str, str]) -> None:
        """Set these, and leave the others."""
        answer = self._ask("PATCH", settings)
        if ignored := sorted(name for name, value in settings.items() if answer.get(name) != value):
            raise TemplatesError(f"The project did not take over: {', '.join(ignored)}.")

    def _ask(self, method: str, body: Mapping[str, str] | None) -> dict[str, object]:
        try:
            response = httpx.request(method, self._url, headers=self._headers, json=body, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise TemplatesError(f"{urlsplit(self._url).netloc} does not answer: {type(error).__name__}.") from error
        match response.status_code:
            case 401:
                raise TemplatesError(
                    "SUPABASE_ACCESS_TOKEN is not accepted; make one at supabase.com/dashboard/account/tokens."
                )
            case 403 | 404:
                raise TemplatesError("The project is none that this access token may change.")
            case status if not 200 <= status < 300:
                raise TemplatesError(f"The Management API answers {status} to {method}.")
        try:
            answer = response.json()
        except ValueError as error:
            raise TemplatesError("The Management API answers something other than JSON.") from error
        if not isinstance(answer, dict):
            raise TemplatesError("The Management API answers something other than settings.")
        return answer


def differences(present: Mapping[str, object], settings: Mapping[str, str]) -> Iterator[str]:
    """What would change, line by line."""
    for name, value in settings.items():
        before = present.get(name)
        if before != value:
            old = before.splitlines() if isinstance(before, str) else []
            yield from difflib.unified_diff(old, value.splitlines(), f"project: {name}", f"supabase/: {name}", n=1, lineterm="")


def warnings(present: Mapping[str, object]) -> Iterator[str]:
    """Settings of the project with which the links would lead nowhere."""
    site_url = str(present.get("site_url") or "")
    if site_url.endswith("/"):
        yield f"The project's Site URL ends with a slash, {site_url}: take it away, or links have two."
    if urlsplit(site_url).hostname in {"localhost", "127.0.0.1", None}:
        yield f"The project's Site URL is {site_url!r}: set it to where the front end is, or invitations lead nowhere."


def main(arguments: Sequence[str] | None = None) -> int:
    """Show what would change, or change it. Returns the exit code: 0, or 1 when that was not possible."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.templates", description="Put supabase/templates into a hosted project."
    )
    parser.add_argument("--project", required=True, metavar="REF", help="the project's reference, twenty letters")
    parser.add_argument("--apply", action="store_true", help="change it; without this it is only shown")
    parser.add_argument("--api", default=API, help="the Management API (%(default)s)")
    given = parser.parse_args(arguments)
    try:
        run(given.project, apply=given.apply, api=given.api)
    except TemplatesError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run(reference: str, *, apply: bool, api: str = API) -> None:
    """The command, with the access token of the environment. Raises TemplatesError."""
    token = os.environ.get("SUPABASE_ACCESS_TOKEN", "").strip()
    if not token:
        raise TemplatesError("Set SUPABASE_ACCESS_TOKEN; make one at supabase.com/dashboard/account/tokens.")
    if not re.fullmatch(r"[a-z0-9]+", reference):
        raise TemplatesError("--project is the reference: the first part of the project's host name, before .supabase.co.")
    project = Project(reference, token, api)
    present = project.settings()
    for warning in warnings(present):
        print(warning, file=sys.stderr)
    settings = {name: value for name, value in wanted().items() if present.get(name) != value}
    if not settings:
        print("The project has these mails already.")
        return
    print("\n".join(differences(present, settings)))
    if apply:
        project.change(settings)
        print(f"\nChanged: {', '.join(settings)}.")
    else:
        print(f"\nNothing is changed yet. To do it: python -m tools.templates --project {reference} --apply")


if __name__ == "__main__":
    sys.exit(main())
