"""`make reset`: forget the users, the mails and the keys of development."""

import shutil
import sys
from pathlib import Path
from typing import Final

from local.instance import RunningError, exclusive
from local.paths import STATE

FORGOTTEN: Final = ("supabase", "supabase.log", "mailbox", "migrated.sha256", "cookies.txt", "keys.json", "supabase.pid")


def reset(state_dir: Path = STATE) -> int:
    """Remove the data and keys from the state folder. Returns the exit code: 1 while Latchkey runs on it."""
    try:
        with exclusive(state_dir):
            for name in FORGOTTEN:
                entry = state_dir / name
                if entry.is_dir():
                    shutil.rmtree(entry)
                else:
                    entry.unlink(missing_ok=True)
    except RunningError:
        print("Latchkey runs on this data: stop it (Ctrl-C) before `make reset`.", file=sys.stderr)
        return 1
    print("The development users, mails and keys are forgotten.")
    return 0
