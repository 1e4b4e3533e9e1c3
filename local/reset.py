"""`make reset`: forget the users and the keys of development."""

import shutil
import sys
from pathlib import Path

from local.instance import RunningError, exclusive
from local.paths import STATE


def reset(state_dir: Path = STATE) -> int:
    """Empty the state folder. Returns the exit code: 1 while Latchkey runs on it."""
    try:
        with exclusive(state_dir):
            for entry in state_dir.iterdir():
                # The lock is what says that nobody starts meanwhile; what Node compiled is nobody's data.
                if entry.name in {"lock", "node-cache"}:
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
    except RunningError:
        print("Latchkey runs on this data: stop it (Ctrl-C) before `make reset`.", file=sys.stderr)
        return 1
    print("The development users and keys are forgotten.")
    return 0
