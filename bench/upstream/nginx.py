"""Runs nginx with the canned bodies."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Final

from bench.backend import Backend, Upstream
from bench.processes import free_port, program, running
from bench.upstream.canned import BIG_USER, Canned, compact

_TEMPLATE: Final = Path(__file__).with_name("nginx.conf")

# What Supabase answers about one user, for whoever measures memory: far more than anything it really says.
BIG_ANSWER_BYTES: Final = 8_000_000

# Bodies about whoever asks; the others are about who signs in.
_OF_THE_CALLER: Final = ("user", "profile", "id_and_display_name")


class _AtTemplate(Template):
    """`$` belongs to nginx."""

    delimiter = "@"


@contextmanager
def upstream(canned: Canned, directory: Path, cores: set[int], port: int | None = None) -> Iterator[Upstream]:
    """Runs the canned Supabase on `cores` while the block lasts; its files go into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    configuration = directory / "nginx.conf"
    (directory / "big.json").write_bytes(b'{"id":"' + b"x" * BIG_ANSWER_BYTES + b'"}')
    tokens, big_token = canned.tokens(url), canned.access_token(url, BIG_USER)
    configuration.write_text(_configuration(canned, url, directory, port, {**tokens, big_token: BIG_USER}))
    command = [program("nginx"), "-p", str(directory), "-c", str(configuration), "-g", "daemon off;"]
    log = directory / "output.log"
    with running(command, env={}, cores=cores, log=log, ready=f"{url}/auth/v1/health") as pid:
        yield Upstream(_backend(canned, url, list(tokens), big_token), pid)


def _backend(canned: Canned, url: str, tokens: list[str], big_token: str) -> Backend:
    return Backend(
        url=url,
        publishable_key=canned.publishable_key,
        secret_key=canned.secret_key,
        jwt_secret=canned.jwt_secret,
        user_id=canned.user_id,
        email=canned.email,
        password=canned.password,
        display_name=canned.display_name,
        access_token=tokens[0],
        refresh_token=canned.refresh_token,
        tokens=tokens,
        hs256_token=canned.hs256_token(url),
        big_token=big_token,
        factor_id=canned.factor_id,
    )


def _configuration(canned: Canned, url: str, directory: Path, port: int, tokens: Mapping[str, str]) -> str:
    bodies = {
        "health": {
            "version": "v2.180.0",
            "name": "GoTrue",
            "description": "GoTrue is a user registration and authentication API",
        },
        "user": canned.user(),
        "password_session": canned.session(url, canned.refresh_token),
        "refresh_session": canned.session(url, canned.rotated_refresh_token),
        "challenge": canned.challenge(),
        "stepped_up_session": canned.stepped_up_session(url),
        "own_sessions": canned.own_sessions(),
        "jwks": canned.jwks(),
        "profile": canned.profile(),
        "display_name": {"display_name": canned.display_name},
        "id_and_display_name": {"id": canned.user_id, "display_name": canned.display_name},
        "no_api_key": {
            "message": "No API key found in request",
            "hint": "No `apikey` request header or url param was found.",
        },
        "method_not_allowed": {"code": "method_not_allowed", "message": "Method not allowed"},
    }
    texts = {name: compact(body) for name, body in bodies.items()}
    for name in _OF_THE_CALLER:
        texts[name] = texts[name].replace(canned.user_id, "$caller")
    callers = {**tokens, canned.hs256_token(url): canned.user_id}
    return _AtTemplate(_TEMPLATE.read_text()).substitute(
        texts,
        callers="\n".join(f'        "Bearer {token}" {user_id};' for token, user_id in callers.items()),
        directory=directory,
        big_user=BIG_USER,
        port=port,
        publishable_key=canned.publishable_key,
        secret_key=canned.secret_key,
    )
