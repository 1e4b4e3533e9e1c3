"""One development instance per state folder: the lock that `run` holds and `reset` asks for."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RunningError(Exception):
    """Another process runs on this state folder."""


@contextmanager
def exclusive(state_dir: Path) -> Iterator[None]:
    """Hold the state folder. The system lets go of it when the process ends, however it ends.

    Raises RunningError when another process holds it.
    """
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state_dir / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunningError(str(state_dir)) from error
        yield
