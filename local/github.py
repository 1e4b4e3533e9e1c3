"""A small GitHub on this machine, so that "Continue with GitHub" works offline: its consent page and the endpoints of its API
that Supabase asks (docs.github.com, "Authorizing OAuth apps"; below /api/v3 as GitHub Enterprise has them)."""

import html
import json
import secrets
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

HOST: Final = "127.0.0.1"
CODE_LIFETIME: Final = 600.0  # seconds, as GitHub's
LONGEST_FORM: Final = 16_384  # bytes

DOCUMENTATION: Final = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has an account there."""

    id: int
    login: str
    name: str
    email: str
    verified: bool = True


# Ada is who signs up in the lines that `make run` prints: her GitHub is linked to that account, or the other way round.
ACCOUNTS: Final = (
    Account(101, "ada", "Ada Lovelace", "ada@example.com"),
    Account(102, "grace", "Grace Hopper", "grace@example.com"),
    Account(103, "unverified", "Una Verified", "una@example.com", verified=False),
)

PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
  body {{ max-width: 24rem; margin: 10vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
  button {{ display: block; width: 100%; margin: .5rem 0; padding: .75rem 1rem; font: inherit; text-align: left; }}
  small {{ display: block; opacity: .75; }}
</style>
<main>
<h1>{title}</h1>
{content}
</main>
</html>
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody has allowed the application: to read about an account."""

    account: Account
    scope: str
    since: float = field(default_factory=time.monotonic)


class LocalGitHub:
    """Listens on a port of the loopback from the start, answers from `start()` on. `callback` is the one redirect_uri it knows.

    `client_id` and `client_secret` are new each time; codes and tokens last as long as the process.
    """

    def __init__(self, callback: str) -> None:
        self.callback = callback
        self.client_id = secrets.token_hex(10)
        self.client_secret = secrets.token_hex(20)
        self._server = _Server((HOST, 0), _Handler)
        self._server.github = self
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="github", daemon=True)
        self._lock = Lock()
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def settings(self) -> dict[str, object]:
        """What stands as `auth.external.github` in the configuration of the Supabase that leads here."""
        return {
            "enabled": True,
            "client_id": self.client_id,
            "secret": self.client_secret,
            "url": self.url,
            "redirect_uri": self.callback,
        }

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End it. Must have been started."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def allow(self, account: Account, scope: str) -> str:
        """A code that is good for one exchange."""
        code = secrets.token_hex(10)
        with self._lock:
            self._codes[code] = Grant(account, scope)
        return code

    def exchange(self, form: dict[str, str]) -> dict[str, str]:
        """What the token endpoint answers: a refusal is an answer, too, with status 200."""
        credentials = f"{form.get('client_id')}:{form.get('client_secret')}"
        if not secrets.compare_digest(credentials.encode(), f"{self.client_id}:{self.client_secret}".encode()):
            return _refused("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
        if form.get("redirect_uri", self.callback) != self.callback:
            return _refused("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL.")
        with self._lock:
            grant = self._codes.pop(form.get("code", ""), None)
            if grant is None or time.monotonic() - grant.since > CODE_LIFETIME:
                return _refused("bad_verification_code", "The code passed is incorrect or expired.")
            token = f"gho_{secrets.token_urlsafe(27)}"
            self._tokens[token] = grant
        return {"access_token": token, "token_type": "bearer", "scope": grant.scope}

    def holder(self, authorization: str) -> Grant | None:
        """Whose the token of an Authorization header is."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            return self._tokens.get(token.strip()) if scheme.lower() in {"bearer", "token"} else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()


def _refused(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description, "error_uri": DOCUMENTATION}


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    github: LocalGitHub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        match address.path:
            case "/login/oauth/authorize":
                self._ask_for_consent(dict(parse_qsl(address.query)))
            case "/api/v3/user":
                self._tell_user()
            case "/api/v3/user/emails":
                self._tell_emails()
            case _:
                self._json(HTTPStatus.NOT_FOUND, {"message": "Not Found", "documentation_url": DOCUMENTATION, "status": "404"})

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= LONGEST_FORM:
            self.close_connection = True
            self._page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE if length > 0 else HTTPStatus.BAD_REQUEST, "That is no form", "")
            return
        form = dict(parse_qsl(self.rfile.read(length).decode(errors="replace")))
        match urlsplit(self.path).path:
            case "/login/oauth/authorize":
                self._take_consent(form)
            case "/login/oauth/access_token":
                self._give_token(form)
            case _:
                self._json(HTTPStatus.NOT_FOUND, {"message": "Not Found", "documentation_url": DOCUMENTATION, "status": "404"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Codes stand in its URLs."""

    def _ask_for_consent(self, query: dict[str, str]) -> None:
        if not self._is_known(query):
            return
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(query.get(name, ""))}">'
            for name in ("client_id", "redirect_uri", "state", "scope")
        )
        choices = "".join(
            f'<button name="login" value="{account.login}">{account.name}'
            f"<small>{account.email}{'' if account.verified else ', not verified'}</small></button>"
            for account in ACCOUNTS
        )
        deny = '<button name="deny" value="1">Deny</button>'
        said = "<p>This stands in for GitHub in development; nothing leaves this machine. Continue as</p>"
        self._page(
            HTTPStatus.OK,
            "Sign in with GitHub",
            f'{said}<form method="post" action="/login/oauth/authorize">{hidden}{choices}{deny}</form>',
        )

    def _take_consent(self, form: dict[str, str]) -> None:
        if not self._is_known(form):
            return
        account = next((account for account in ACCOUNTS if account.login == form.get("login")), None)
        if account is None:
            answer = {"error": "access_denied", "error_description": "The user has denied your application access."}
            answer["error_uri"] = DOCUMENTATION
        else:
            answer = {"code": self.server.github.allow(account, ",".join(form.get("scope", "").replace(",", " ").split()))}
        if "state" in form:
            answer["state"] = form["state"]
        self._send(HTTPStatus.FOUND, b"", {"Location": f"{self.server.github.callback}?{urlencode(answer)}"})

    def _is_known(self, query: dict[str, str]) -> bool:
        """Whether the application and its address are; the page says so where they are not, and leads nowhere."""
        github = self.server.github
        if query.get("client_id") != github.client_id:
            self._page(HTTPStatus.NOT_FOUND, "No such application", "<p>The client_id is of another run: begin again.</p>")
        elif query.get("redirect_uri", github.callback) != github.callback:
            self._page(HTTPStatus.BAD_REQUEST, "Another redirect_uri", "<p>It is not the registered one.</p>")
        else:
            return True
        return False

    def _give_token(self, form: dict[str, str]) -> None:
        answer = self.server.github.exchange(form)
        if "json" in self.headers.get("Accept", ""):
            self._json(HTTPStatus.OK, answer)
        else:
            self._send(
                HTTPStatus.OK, urlencode(answer).encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
            )

    def _tell_user(self) -> None:
        grant = self._grant()
        if grant is not None:
            account = grant.account
            self._json(
                HTTPStatus.OK,
                {
                    "login": account.login,
                    "id": account.id,
                    "avatar_url": "",
                    "type": "User",
                    "name": account.name,
                    "email": None,  # as most have it: the address is not public
                },
            )

    def _tell_emails(self) -> None:
        grant = self._grant()
        if grant is None:
            return
        if not {"user", "user:email"} & set(grant.scope.split(",")):
            self._json(HTTPStatus.NOT_FOUND, {"message": "Not Found", "documentation_url": DOCUMENTATION, "status": "404"})
            return
        account = grant.account
        self._json(
            HTTPStatus.OK, [{"email": account.email, "primary": True, "verified": account.verified, "visibility": "private"}]
        )

    def _grant(self) -> Grant | None:
        grant = self.server.github.holder(self.headers.get("Authorization", ""))
        if grant is None:
            self._json(
                HTTPStatus.UNAUTHORIZED, {"message": "Bad credentials", "documentation_url": DOCUMENTATION, "status": "401"}
            )
        return grant

    def _json(self, status: HTTPStatus, body: object) -> None:
        self._send(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8"})

    def _page(self, status: HTTPStatus, title: str, content: str) -> None:
        body = PAGE.format(title=title, content=content).encode()
        self._send(
            status, body, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "frame-ancestors 'none'"}
        )

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Cache-Control": "no-store", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
