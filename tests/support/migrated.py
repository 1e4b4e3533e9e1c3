"""Embedded Supabases that start on a copy of a migrated database, where migrating takes longer than all the rest of a start."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from local import keys
from local.supabase import LocalSupabase
from tests.support.service import free_port


def template(folder: Path) -> Path:
    """The state of an instance that was migrated and never started, made on the first call of all that share the folder."""
    state = folder / "migrated"
    with (folder / "migrated.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (state / "migrated.sha256").is_file():  # or somebody copies it by now, and it must not change
            LocalSupabase(state, free_port(), keys.generate()).migrate()
    return state


def copy(state: Path, target: Path) -> Path:
    """Make a state folder for a new instance. Returns it."""
    shutil.copytree(state, target, ignore=shutil.ignore_patterns("*.log"))
    return target
