"""A page as it is seen: light and dark, on a desktop and on a phone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize

from tests.e2e.web import App

SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1200, "height": 760}, "phone": {"width": 360, "height": 740}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Colours change gradually, and axe would measure one in between.
SETTLE = "document.getAnimations().forEach((change) => change instanceof CSSTransition && change.finish())"


def look(app: App, name: str, folder: Path) -> None:
    """Hold what axe finds and the width against the page in each look, and take a picture of it: below `folder`, or where
    SCREENSHOTS says.
    """
    pictures = Path(os.environ.get("SCREENSHOTS") or folder)
    pictures.mkdir(parents=True, exist_ok=True)
    page, before = app.page, app.page.viewport_size
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.evaluate(SETTLE)
            assert app.accessibility_problems() == [], (name, size, scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (name, size)
            page.screenshot(path=pictures / f"web-{name}-{size}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme=None)
    if before:
        page.set_viewport_size(before)
