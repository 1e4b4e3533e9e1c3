"""Files that are made from the contract, and whether they still belong to it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from local.paths import ROOT

MODELS: Final = ROOT / "service" / "models.py"


def write(target: Path = MODELS) -> int:
    """Write the models. Returns 0; raises CalledProcessError when the generator fails."""
    environment = {**os.environ, "VENV_BIN": str(Path(sys.executable).parent)}
    subprocess.run(["sh", "openapi/generate.sh", str(target)], cwd=ROOT, env=environment, check=True)  # noqa: S607
    return 0


def check() -> int:
    """Tell whether the models are what the contract gives. Returns the exit code."""
    # Beside the real one, so that the linter and formatter find the same settings for it.
    with tempfile.TemporaryDirectory(dir=MODELS.parent, prefix=".generated-") as directory:
        fresh = Path(directory) / MODELS.name
        write(fresh)
        if fresh.read_bytes() == MODELS.read_bytes():
            return 0
    print(f"{MODELS.relative_to(ROOT)} does not belong to openapi/auth.yaml: run `make generate`.", file=sys.stderr)
    return 1
