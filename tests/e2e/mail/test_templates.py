"""The mails of supabase/templates as a mail client shows them: as wide as a reading pane and as a phone, light and dark."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.test_web_looks import Scheme
from tests.e2e.web import App
from tests.support.service import ROOT

pytestmark = pytest.mark.e2e

TEMPLATES = sorted((ROOT / "supabase" / "templates").glob("*.html"))
# Long ones, as people have them.
VALUES = {
    "SiteURL": "https://members.association-of-friends.example.com",
    "RedirectTo": "https://members.association-of-friends.example.com/account/confirm?flow=f",
    "TokenHash": "pkce_" + "0" * 56,
    "Token": "482913",
    "NewEmail": "countess.of.lovelace@department-of-analysis.example.com",
}
CONDITION = re.compile(r"\{\{ if [^}]*\}\}.*?\{\{ else \}\}(.*?)\{\{ end \}\}", re.DOTALL)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 640])
def test_every_mail_fits_and_is_accessible(chromium_browser: Browser, tmp_path: Path, scheme: Scheme, width: int) -> None:
    """MAIL_SCREENSHOTS=FOLDER keeps the pictures."""
    assert len(TEMPLATES) == 6
    pictures = Path(os.environ.get("MAIL_SCREENSHOTS") or tmp_path)
    context = chromium_browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
    for template in TEMPLATES:
        mail = App(context.new_page(), "")
        text = CONDITION.sub(r"\1", template.read_text(encoding="utf-8"))
        mail.page.set_content(re.sub(r"\{\{ \.(\w+) \}\}", lambda found: VALUES[found[1]], text))
        assert mail.page.evaluate("document.documentElement.scrollWidth") <= width, template.name
        serious = [found for found in mail.accessibility_problems() if not found.startswith(("landmark-", "region"))]
        assert serious == [], "landmarks are the mail client's business"
        mail.page.screenshot(path=pictures / f"mail-{template.stem}-{width}-{scheme}.png", full_page=True)
    context.close()
