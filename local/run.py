"""`make run`: the embedded Supabase, what belongs to it, and the service, started, watched and stopped together."""

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from local import environment, keys, welcome
from local.embedded import Embedded, EmbeddedError, frontend
from local.instance import RunningError, exclusive
from local.outage import PID_FILE
from local.paths import ROOT, STATE
from local.ports import ListenError, PortTakenError, require_free
from local.service import Service

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

    embedded: Embedded | None = None
    described = url
    confirmation = _switch(user, "EMAIL_CONFIRMATION")
    if not url:
        embedded = _embedded(state_dir, user, settings, own_keys, confirmation=confirmation)
        supabase = embedded.supabase
        settings = environment.for_embedded_supabase(settings, supabase.url, supabase.keys)
        described = welcome.embedded(supabase.url, state_dir, embedded.mailbox.url, confirmation=confirmation)
        _launch(stack, embedded)
        (state_dir / PID_FILE).write_text(str(embedded.supabase.pid))

    # All start at the same time: the service takes longest, and asks for Supabase only once it is asked something.
    service = Service(settings)
    stack.callback(service.stop)
    print("> Starting the service", flush=True)
    service.start()
    _wait_until_ready(service, embedded)
    mailbox = embedded.mailbox.url if embedded else None
    print(
        welcome.text(service.url, described, settings, state_dir / "cookies.txt", mailbox=mailbox, confirmation=confirmation),
        flush=True,
    )
    while True:
        _require_alive(service, embedded)
        time.sleep(0.2)


def _embedded(
    state_dir: Path, user: dict[str, str], settings: dict[str, str], own_keys: keys.Keys, *, confirmation: bool
) -> Embedded:
    ports = {**environment.DEFAULT_PORTS, **user}
    port, mailbox_port = _port(ports, "SUPABASE_LOCAL_PORT"), _port(ports, "MAILBOX_PORT")
    _require_free(port, "127.0.0.1", "SUPABASE_LOCAL_PORT")
    _require_free(mailbox_port, "127.0.0.1", "MAILBOX_PORT")
    return Embedded(
        state_dir,
        environment.embedded_keys(user, own_keys),
        port=port,
        mailbox_port=mailbox_port,
        frontend=frontend(settings),
        confirmation=confirmation,
    )


def _hold(stack: ExitStack, state_dir: Path) -> None:
    try:
        stack.enter_context(exclusive(state_dir))
    except RunningError as error:
        raise RunError("Latchkey already runs from this folder; stop that one first.") from error


def _launch(stack: ExitStack, embedded: Embedded) -> None:
    print("> Starting the embedded Supabase", flush=True)
    stack.callback(embedded.stop)
    try:
        embedded.launch()
    except EmbeddedError as error:
        raise RunError(str(error)) from error


def _wait_until_ready(service: Service, embedded: Embedded | None) -> None:
    if embedded is not None:
        try:
            embedded.wait_until_ready()
        except EmbeddedError as error:
            raise RunError(str(error)) from error
    notice_at = time.monotonic() + NOTICE_AFTER
    while True:
        _require_alive(service, embedded)
        status, body = service.readiness()
        if status == 200:
            return
        if time.monotonic() > notice_at:
            notice_at = float("inf")
            print(f"Still waiting: {service.url}/readyz answers {status or 'nothing'}. {body}", file=sys.stderr)
        time.sleep(0.05)


def _require_alive(service: Service, embedded: Embedded | None) -> None:
    if embedded is not None:
        try:
            embedded.require_alive()
        except EmbeddedError as error:
            raise RunError(str(error)) from error
    if service.returncode is not None:
        raise RunError(f"The service ended by itself (exit code {service.returncode}); what it said is above.")


def _switch(settings: dict[str, str], variable: str) -> bool:
    value = settings.get(variable, "false")
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise RunError(f"{variable} must be true or false, and is {value!r}.")


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
