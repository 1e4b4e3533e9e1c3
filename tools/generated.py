"""Files that are made from the contract or copied from a package, and whether they still belong to it."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from local import node
from tools import error_codes, error_reference, models, swagger_ui
from tools.paths import ROOT

CLIENT: Final = ROOT / "clients" / "typescript" / "src"


def _write_client_types(target: Path) -> None:
    generator = ROOT / "clients" / "typescript" / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    command = [node.executable(), str(generator), "openapi/auth.yaml", "--output", str(target)]
    subprocess.run(command, cwd=ROOT, env=node.environment({}), check=True, capture_output=True)


GENERATED: Final[Mapping[Path, Callable[[Path], None]]] = {
    ROOT / "service" / "models.py": models.write_models,
    ROOT / "service" / "error_codes.py": error_codes.write_python,
    CLIENT / "schema.ts": _write_client_types,
    CLIENT / "codes.ts": error_codes.write_typescript,
    error_reference.TARGET: error_reference.write,
    **swagger_ui.COPIED,
}


def write() -> int:
    """Write every generated file. Returns 0; raises CalledProcessError when a generator fails."""
    for target, generate in GENERATED.items():
        generate(target)
    return 0


def check() -> int:
    """Tell whether the generated files are what the contract gives. Returns the exit code."""
    stale = [target for target, generate in GENERATED.items() if not _is_current(target, generate)]
    for target in stale:
        print(
            f"{target.relative_to(ROOT)} does not belong to openapi/auth.yaml or openapi/ui: run `make generate`.",
            file=sys.stderr,
        )
    return 1 if stale else 0


def _is_current(target: Path, generate: Callable[[Path], None]) -> bool:
    # Beside the real one, so that the linter and formatter find the same settings for it.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".generated-") as directory:
        fresh = Path(directory) / target.name
        generate(fresh)
        return target.is_file() and fresh.read_bytes() == target.read_bytes()
