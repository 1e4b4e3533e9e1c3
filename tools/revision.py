"""Which revision of the repository something was measured or made with."""

import subprocess

from tools.paths import ROOT


def revision() -> str:
    """The commit's short id, "with changes" where service/ has some that are not committed; "unknown" outside of git."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "service")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{commit} with changes" if changed else commit


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
