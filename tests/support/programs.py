"""Programs of the system that some tests need."""

from __future__ import annotations

import os
import shutil

import pytest


def executable(name: str, *, package: str | None = None) -> str:
    """The program's path. Without it the test is skipped, and fails where CI=true. `package` is Debian's, by default `name`."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed: apt-get install {package or name}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path
