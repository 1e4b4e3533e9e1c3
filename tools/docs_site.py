"""What the documentation site has beside docs/: pages from elsewhere in the repository, and the contract. A hook of MkDocs."""

from __future__ import annotations

import json
import logging
import posixpath
import re
from pathlib import Path
from typing import Final

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).resolve().parent.parent

# Pages that stand where readers of the repository look for them.
PAGES: Final = {
    "changelog.md": "CHANGELOG.md",
    "client.md": "clients/typescript/README.md",
    "example.md": "examples/web/README.md",
    "security.md": "SECURITY.md",
}
_PLACES: Final = {source: page for page, source in PAGES.items()} | {"openapi/auth.yaml": "contract.md"}
_LINK: Final = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_FENCE: Final = re.compile(r"^```(\w+) (?:background|skip|in=\S+|(\S+))$", re.MULTILINE)
_UI: Final = ROOT / "service" / "contract" / "static" / "swagger-ui"
_MERMAID: Final = ROOT / "openapi" / "ui" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"

log = logging.getLogger("mkdocs.hooks.docs_site")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, the contract, and the scripts that show it and the diagrams."""
    for page, source in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        files.append(File.generated(config, f"assets/{name}", abs_src_path=str(_UI / name)))
    files.append(File.generated(config, "assets/mermaid.min.js", abs_src_path=str(_MERMAID)))
    files.append(File.generated(config, "assets/openapi.json", content=_contract()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs' names
    """Have links point where things are on the site, and code blocks say which file they are."""
    source = PAGES.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    folder = posixpath.dirname(source)

    def link(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        if re.match(r"[a-z]+:", target):
            return found[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        if path in _PLACES:
            return f"[{text}]({_PLACES[path]}{anchor})"
        if path.startswith("docs/"):
            return f"[{text}]({path.removeprefix('docs/')}{anchor})"
        if not (ROOT / path).exists():
            log.warning("%s links to %s, which does not exist", source, path)
        return f"{text} (`{path}`)" if path not in text else text  # a file of the repository, which the site does not have

    return _FENCE.sub(
        lambda found: f'```{found[1]} title="{found[2]}"' if found[2] else f"```{found[1]}", _LINK.sub(link, markdown)
    )


def _contract() -> str:
    return json.dumps(yaml.safe_load((ROOT / "openapi" / "auth.yaml").read_text(encoding="utf-8")), ensure_ascii=False)
