"""What a figure was measured on, and with which versions."""

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from bench.environment import NODE, NODE_PEER, SITE_PACKAGES
from bench.processes import program
from tools.revision import revision

_SERVICE_PACKAGES: Final = ("connexion", "starlette", "uvicorn", "uvloop", "httptools", "pydantic", "supabase")
_PEER_PACKAGES: Final = ("fastapi", "starlette", "uvicorn", "uvloop", "httpx", "pydantic", "supabase")
_NODE_PACKAGES: Final = ("hono", "@hono/node-server", "@supabase/supabase-js")


def machine() -> dict[str, str]:
    """The machine in words: what a reader needs to judge the figures, and nothing that names it."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}, {_distribution()}",
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": revision(),
        "load_before": f"{os.getloadavg()[0]:.2f}",
    }


def versions() -> dict[str, str]:
    """The versions of everything that is measured or measures."""
    return {
        "Latchkey": _python_packages(None, _SERVICE_PACKAGES),
        "FastAPI peers": _python_packages(SITE_PACKAGES, _PEER_PACKAGES),
        "Node peer": _node_packages(),
        "Python": platform.python_version(),
        "Node": _output([str(NODE), "--version"]).removeprefix("v"),
        "nginx": _output([program("nginx"), "-v"]).rpartition("/")[2],
        "wrk": _output([program("wrk"), "-v"]).partition(" ")[2].partition(" ")[0],
    }


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "an unknown distribution"


def _python_packages(site_packages: Path | None, names: tuple[str, ...]) -> str:
    path = [str(site_packages)] if site_packages else None
    found = metadata.distributions(path=path) if path else metadata.distributions()
    by_name = {item.metadata["Name"].lower(): item.version for item in found}
    return ", ".join(f"{name} {by_name[name]}" for name in names if name in by_name)


def _node_packages() -> str:
    packages = json.loads((NODE_PEER / "package-lock.json").read_text())["packages"]
    return ", ".join(f"{name} {packages[f'node_modules/{name}']['version']}" for name in _NODE_PACKAGES)


def _output(command: list[str]) -> str:
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return ""
    # nginx and wrk print their version to either stream; the first line has it.
    text = (finished.stdout + finished.stderr).strip()
    return text.splitlines()[0] if text else ""
