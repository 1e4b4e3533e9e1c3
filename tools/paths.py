"""Where the tools find things in the repository."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The repository."""

CHECKS: Final = ROOT / ".venv" / "checks" / "bin"
"""The programs that only check files of this repository, where `make` puts them."""

UV: Final = ROOT / ".venv" / "bin" / "uv"
"""What installs, locks and builds, where `make` puts it."""

DOCS: Final = ROOT / ".venv" / "docs" / "bin"
"""What builds the documentation site, where `make` puts it."""
