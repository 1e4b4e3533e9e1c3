"""Guides of docs/, word for word: their commands run and their files are used as they stand there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import httpx

from local import node
from tests.support import loopback


@dataclass(frozen=True)
class Snippet:
    """A fenced block. What stands after its language is the file that it is, or how it is run."""

    section: str
    language: str
    note: str
    text: str


def snippets(guide: Path) -> list[Snippet]:
    """Every fenced block of the guide, in order. A section is one of the second level, without its number."""
    found: list[Snippet] = []
    for section in re.split(r"^## ", guide.read_text(), flags=re.MULTILINE):
        title = re.sub(r"^\d+\. ", "", section.partition("\n")[0])
        blocks = re.findall(r"^```(\w+) ?(.*?)\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
        found += [Snippet(title, *block) for block in blocks]
    return found


def npm_environment() -> dict[str, str]:
    """npm as this repository runs it: Node from its wheel, and no package's own scripts. It is told yes beforehand."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    npm = {
        "npm_config_ignore_scripts": "true",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_yes": "true",
    }
    return node.environment({"PATH": path, "NODE_USE_SYSTEM_CA": "1", "CI": "true", **npm})


def run(commands: str, directory: Path, env: Mapping[str, str]) -> None:
    """Run the commands of a snippet, and be left where they lead. Raises AssertionError with what they said."""
    done = subprocess.run(
        ["/bin/sh", "-euc", commands], cwd=directory, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"


@contextmanager
def served(command: str, directory: Path, env: Mapping[str, str], port: int) -> Iterator[None]:
    """Run a command in the background until the block ends; it begins once something answers on the port."""
    with TemporaryFile() as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 100
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    output.seek(0)
                    raise AssertionError(output.read().decode(errors="replace"))
                time.sleep(0.1)
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # what it started, too: a session of their own
            process.wait(20)


def _answers(port: int) -> bool:
    try:
        loopback.get(f"http://127.0.0.1:{port}", timeout=5)
    except httpx.HTTPError:
        return False
    return True
