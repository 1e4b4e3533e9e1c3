"""The Chromium that the end-to-end tests drive: the system's own, never one that a test tool downloads."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
HINT = "Chromium is needed; on Debian and Ubuntu: apt-get install chromium"

# It opens the tests' own pages and talks to nobody else.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)


def executable() -> str:
    """Where Chromium is. Without one the test is skipped with a hint, and fails where CI is set."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HINT, pytrace=False)
        pytest.skip(HINT)
    return path


def flags() -> list[str]:
    """How to start it. Its sandbox does not work for root, which containers often are."""
    return [*FLAGS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
