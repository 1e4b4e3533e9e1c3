"""What `make run` starts where no SUPABASE_URL is set: the embedded Supabase, the mailbox that it sends to, and a GitHub."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from local.github import LocalGitHub
from local.keys import Keys
from local.mailbox import Mailbox, MailboxError
from local.supabase import LocalSupabase, SupabaseError

DEVELOPMENT_FRONTEND = "http://localhost:5173"


class EmbeddedError(Exception):
    """A part of it did not start, or ended: one line that a person can act on."""


class Embedded:
    """The three together, on ports of 127.0.0.1, with their data below `state_dir`.

    `frontend` is the origin that mails and GitHub lead back to; `confirmation` says whether a new address has to be confirmed.
    """

    def __init__(self, state_dir: Path, keys: Keys, *, port: int, mailbox_port: int, frontend: str, confirmation: bool) -> None:
        self.mailbox = Mailbox(state_dir / "mailbox", mailbox_port)
        callback = f"http://127.0.0.1:{port}/auth/v1/callback"
        self.github = LocalGitHub(callback)
        overrides: dict[str, object] = {
            **self.mailbox.settings,
            "auth.email.enable_confirmations": confirmation,
            "auth.site_url": frontend,
            "auth.additional_redirect_urls": [f"{frontend}/account/**"],
            "auth.external.github": self.github.settings,
        }
        certificate = self.mailbox.certificate
        self.supabase = LocalSupabase(state_dir, port, keys, overrides, trusted_certificate=certificate)
        self._started = ExitStack()

    def launch(self) -> None:
        """Start all, without waiting. Raises PortTakenError or EmbeddedError."""
        self._started.enter_context(self.github)
        self._started.callback(self.mailbox.stop)
        self.mailbox.launch()
        self._started.callback(self.supabase.stop)
        try:
            self.supabase.launch()
        except SupabaseError as error:
            raise EmbeddedError(f"The embedded Supabase did not start: {error}") from error

    def wait_until_ready(self) -> None:
        """Wait until all answer. Raises EmbeddedError."""
        try:
            self.supabase.wait_until_ready()
        except SupabaseError as error:
            raise EmbeddedError(f"The embedded Supabase did not start: {error}") from error
        try:
            self.mailbox.wait_until_ready()
        except MailboxError as error:
            raise EmbeddedError(f"The mailbox did not start: {error}") from error

    def require_alive(self) -> None:
        """Raise EmbeddedError when a part has ended."""
        for name, part in (("embedded Supabase", self.supabase), ("mailbox", self.mailbox)):
            if part.returncode is not None:
                raise EmbeddedError(f"The {name} ended by itself (exit code {part.returncode}); its log is {part.log_path}.")

    def stop(self) -> None:
        """End all that was started, and wait until it has."""
        self._started.close()


def frontend(settings: Mapping[str, str]) -> str:
    """Where the front end is: FRONTEND_URL, or the first origin that may call the service."""
    first_origin = settings.get("CORS_ORIGINS", "").partition(",")[0].strip()
    return (settings.get("FRONTEND_URL") or first_origin or DEVELOPMENT_FRONTEND).rstrip("/")
