"""The app that the guides build, in a folder beside a folder that is called latchkey."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.guide import Snippet, npm_environment, run, served, snippets
from tests.support.service import ROOT

CLIENT = ROOT / "clients" / "typescript"
FRONTEND = snippets(ROOT / "docs" / "frontend.md")


def of(guide: Sequence[Snippet], section: str) -> list[Snippet]:
    """What a section says, in order, but for what its reader is not to run."""
    return [snippet for snippet in guide if snippet.section == section and snippet.note != "skip"]


class GuideApp:
    """`root` is the app's folder, once the first commands have made it."""

    def __init__(self, folder: Path, name: str = "hello") -> None:
        self.folder = folder
        self.root = folder / name
        self.env = npm_environment()
        (folder / "latchkey" / "clients").mkdir(parents=True, exist_ok=True)

    def write(self, snippet: Snippet, changed: Mapping[str, str]) -> None:
        """Write a file of the guide. Nothing of it changes but where things are."""
        text = snippet.text
        for said, actual in changed.items():
            text = text.replace(said, actual)
        target = self.root / snippet.note
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)

    def follow(self, steps: Sequence[Snippet], changed: Mapping[str, str]) -> None:
        """Do what the guide says, in order."""
        for snippet in steps:
            if snippet.language != "sh":
                self.write(snippet, changed)
            elif snippet.note.startswith("in="):
                copy = self.folder / "latchkey" / snippet.note.removeprefix("in=")
                if not copy.exists():
                    self._copy_client(copy)
                run(snippet.text, copy, self.env)
            elif snippet.note != "background":
                run(snippet.text, self.root if self.root.exists() else self.folder, self.env)

    def check_types(self) -> None:
        run("npx --no-install tsc --noEmit", self.root, self.env)

    @contextmanager
    def served(self, port: int) -> Iterator[str]:
        """Start Vite as the guide says, on a port of its own. Gives the app's address."""
        (command,) = [snippet.text for snippet in FRONTEND if snippet.note == "background"]
        arguments = f"exec {command.strip()} -- --host 127.0.0.1 --strictPort --port {port}"
        with served(arguments, self.root, self.env, port):
            yield f"http://localhost:{port}"

    def _copy_client(self, copy: Path) -> None:
        """The client as it is in a fresh clone: nothing is installed, and nothing of the repository is written to."""
        shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "*.tgz"))
