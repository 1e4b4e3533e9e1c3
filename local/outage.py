"""`make outage`: have the embedded Supabase stand still for a while, under the feet of `make run`."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from local.instance import RunningError, exclusive
from local.paths import STATE

PID_FILE: Final = "supabase.pid"
LONGEST: Final = 3600  # seconds


def outage(state_dir: Path = STATE, seconds: str = "30") -> int:
    """Stop the embedded Supabase that runs on the state folder, and have it go on after so many seconds, or at Ctrl-C.

    Returns the exit code: 1 while nothing runs there.
    """
    if not (seconds.isascii() and seconds.isdigit() and 0 < int(seconds) <= LONGEST):
        print(f"SECONDS must be a number from 1 to {LONGEST}, and is {seconds!r}.", file=sys.stderr)
        return 1
    pid = _running(state_dir)
    if pid is None:
        print("No embedded Supabase runs from this folder: start it with `make run`.", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        os.kill(pid, signal.SIGSTOP)
        print(f"The embedded Supabase answers nobody for {seconds} seconds. Ctrl-C ends it sooner.", flush=True)
        time.sleep(int(seconds))
    except (_Stop, ProcessLookupError):
        pass
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    print("It answers again.")
    return 0


class _Stop(BaseException):
    """Somebody asked for the end."""


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Stop


def _running(state_dir: Path) -> int | None:
    """The process id of the embedded Supabase, of which a `make run` holds the folder now."""
    try:
        with exclusive(state_dir):
            return None  # whatever the file says is of a run that has ended
    except RunningError:
        path = state_dir / PID_FILE
        return int(path.read_text()) if path.is_file() else None
