"""Node, from its wheel: no system Node is needed."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.paths import STATE


def executable() -> str:
    """The node program of the environment that runs this code."""
    return str(Path(sys.executable).with_name("node"))


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a Node child sees: `extra`, and only what it needs of our own environment."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "LANG") if name in os.environ}
    # Compiling Lite's half megabyte of JavaScript is most of its start-up time; Node keeps the result here.
    return {**kept, "NODE_COMPILE_CACHE": str(STATE / "node-cache"), **extra}
