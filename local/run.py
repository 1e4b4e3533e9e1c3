"""`make run`: the embedded Supabase and the service, started, watched and stopped together."""

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from local import environment, keys, welcome
from local.instance import RunningError, exclusive
from local.paths import ROOT, STATE
from local.ports import ListenError, PortTakenError, require_free
from local.service import Service
from local.supabase import LocalSupabase, SupabaseError

DEFAULT_SUPABASE_PORT: Final = "54321"
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOTICE_AFTER: Final = 10.0  # seconds without being ready before it says what it waits for


class Stop(BaseException):
    """Somebody asked for the end: Ctrl-C, SIGTERM, or the terminal went away."""


class RunError(Exception):
    """What a person must read before they try again: one line."""


def run(state_dir: Path = STATE, dotenv: Path = ROOT / ".env") -> int:
    """Run until asked to stop or until a child ends by itself. Returns the exit code."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        with ExitStack() as stack:
            _run(stack, state_dir, environment.configured(dotenv))
    except Stop:
        return 0
    except RunError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _run(stack: ExitStack, state_dir: Path, user: dict[str, str]) -> None:
    own_keys = keys.load_or_create(state_dir)
    settings = environment.for_development(user, own_keys)
    url = settings.get("SUPABASE_URL", "")
    if not url:
        _hold(stack, state_dir)
    _require_free(_port(settings, "PORT"), settings["HOST"], "PORT")

    supabase: LocalSupabase | None = None
    described = url
    if not url:
        port = _port({"SUPABASE_LOCAL_PORT": DEFAULT_SUPABASE_PORT, **user}, "SUPABASE_LOCAL_PORT")
        _require_free(port, "127.0.0.1", "SUPABASE_LOCAL_PORT")
        embedded_keys = environment.embedded_keys(user, own_keys)
        supabase = LocalSupabase(state_dir, port, embedded_keys)
        settings = environment.for_embedded_supabase(settings, supabase.url, embedded_keys)
        described = welcome.embedded(supabase.url, state_dir)
        _launch(stack, supabase)

    # Both start at the same time: the service takes longer, and asks for Supabase only once it is asked something.
    service = Service(settings)
    stack.callback(service.stop)
    print("> Starting the service", flush=True)
    service.start()
    _wait_until_ready(service, supabase)
    print(welcome.text(service.url, described, settings, state_dir / "cookies.txt"), flush=True)
    while True:
        _require_alive(service, supabase)
        time.sleep(0.2)


def _hold(stack: ExitStack, state_dir: Path) -> None:
    try:
        stack.enter_context(exclusive(state_dir))
    except RunningError as error:
        raise RunError("Latchkey already runs from this folder; stop that one first.") from error


def _launch(stack: ExitStack, supabase: LocalSupabase) -> None:
    print("> Starting the embedded Supabase", flush=True)
    stack.callback(supabase.stop)
    try:
        supabase.launch()
    except SupabaseError as error:
        raise RunError(f"The embedded Supabase did not start: {error}") from error


def _wait_until_ready(service: Service, supabase: LocalSupabase | None) -> None:
    if supabase is not None:
        try:
            supabase.wait_until_ready()
        except SupabaseError as error:
            raise RunError(f"The embedded Supabase did not start: {error}") from error
    notice_at = time.monotonic() + NOTICE_AFTER
    while True:
        _require_alive(service, supabase)
        status, body = service.readiness()
        if status == 200:
            return
        if time.monotonic() > notice_at:
            notice_at = float("inf")
            print(f"Still waiting: {service.url}/readyz answers {status or 'nothing'}. {body}", file=sys.stderr)
        time.sleep(0.05)


def _require_alive(service: Service, supabase: LocalSupabase | None) -> None:
    if supabase is not None and supabase.returncode is not None:
        raise RunError(
            f"The embedded Supabase ended by itself (exit code {supabase.returncode}); its log is {supabase.log_path}."
        )
    if service.returncode is not None:
        raise RunError(f"The service ended by itself (exit code {service.returncode}); what it said is above.")


def _port(settings: dict[str, str], variable: str) -> int:
    value = settings[variable]
    if value.isascii() and value.isdigit() and 0 < int(value) < 65536:
        return int(value)
    raise RunError(f"{variable} must be a port number, 1 to 65535, and is {value!r}.")


def _require_free(port: int, host: str, variable: str) -> None:
    try:
        require_free(port, host)
    except PortTakenError as error:
        other = port + 1 if port < 65535 else port - 1
        raise RunError(
            f"Port {port} ({variable}) is taken by another program; choose another: make run {variable}={other}"
        ) from error
    except ListenError as error:
        name, value = ("HOST", host) if error.variable == "HOST" else (variable, str(port))
        raise RunError(f"{name} is {value!r}, which {error}: make run {name}=...") from error


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    # Asked twice, it still stops in order: every step of that has a time limit.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stop
