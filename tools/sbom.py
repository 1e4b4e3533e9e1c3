"""Writes the bill of materials of what the service runs on: for whoever has to match it against known vulnerabilities.

Scanners that ask a vulnerability service read it; making it needs no network.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.paths import CHECKS, ROOT

LOCK: Final = ROOT / "requirements" / "service.txt"
TARGET: Final = ROOT / "build" / "sbom.cdx.json"


def write(target: Path = TARGET) -> int:
    """Write a CycloneDX document from the lock file. Returns the exit code: 1 when a locked package is not in it."""
    target.parent.mkdir(exist_ok=True)
    command = [
        # It warns that the lock file does not say which package asked for which.
        str(CHECKS / "python"), "-W", "ignore::UserWarning", "-m", "cyclonedx_py", "requirements", str(LOCK),
        "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--spec-version", "1.6",
        "--output-format", "JSON", "--output-file", str(target),
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    locked = set(re.findall(r"^([a-z0-9_.-]+)==([^ \\]+)", LOCK.read_text(), re.MULTILINE))
    materials = json.loads(target.read_text())
    listed = {(part["name"], part["version"]) for part in materials["components"]}
    materials["components"].append(_swagger_ui())
    target.write_text(json.dumps(materials, indent=2) + "\n")
    for name, version in sorted(locked - listed):
        print(f"{target.relative_to(ROOT)} lacks {name} {version}.", file=sys.stderr)
    return 1 if locked - listed else 0


def _swagger_ui() -> dict[str, object]:
    """What the service serves and no package brings: tools/swagger_ui.py copied it."""
    version: str = json.loads((ROOT / "openapi" / "ui" / "package.json").read_text())["dependencies"]["swagger-ui-dist"]
    purl = f"pkg:npm/swagger-ui-dist@{version}"
    licences = [{"license": {"id": "Apache-2.0"}}]
    return {
        "bom-ref": purl,
        "type": "library",
        "name": "swagger-ui-dist",
        "version": version,
        "purl": purl,
        "licenses": licences,
    }
