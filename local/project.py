"""The working copy of `supabase/` that one embedded instance runs on."""

import hashlib
import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from local.paths import MIGRATIONS, SUPABASE, TEMPLATES

# How a migration begins that is left out on SQLite. There Supabase Lite takes no functions but those of triggers, and of these
# one INSERT, which it copies into the trigger for good: what needs the functions answers that it is not available.
NEEDS_POSTGRESQL: Final = "-- Needs PostgreSQL."

# Supabase Lite fills in names and knows no conditions of Go's templates. What is true there stands first in each: its mails all
# lead to site_url, whatever redirect_to says.
CONDITION: Final = re.compile(r"\{\{ if [^}]*\}\}(.*?)(?:\{\{ else \}\}.*?)?\{\{ end \}\}", re.DOTALL)


def write(directory: Path, overrides: Mapping[str, object], migrations: Path = MIGRATIONS) -> Path:
    """Copy config.toml, changed by `overrides` ({"auth.jwt_expiry": 5}), the mails and the `migrations` below `directory`."""
    target = directory / "supabase"
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = tomllib.loads((SUPABASE / "config.toml").read_text())
    for dotted_name, value in overrides.items():
        _set(config, dotted_name, value)
    # Lite refuses the name, and has one text for this mail: the code, no link.
    config["auth"]["email"]["template"].pop("reauthentication", None)
    (target / "config.toml").write_text(tomli_w.dumps(config))
    shutil.rmtree(target / "migrations", ignore_errors=True)
    shutil.copytree(migrations, target / "migrations")
    if str(config["db"]["driver"]).startswith("sqlite"):
        for migration in (target / "migrations").glob("*.sql"):
            if migration.read_text().startswith(NEEDS_POSTGRESQL):
                migration.unlink()
    (target / "templates").mkdir(exist_ok=True)
    for template in TEMPLATES.glob("*.html"):
        (target / "templates" / template.name).write_text(CONDITION.sub(r"\1", template.read_text()))
    return target


def migrations_digest(project: Path) -> str:
    """Hash the names and contents of the migrations in `project`."""
    digest = hashlib.sha256()
    for migration in sorted((project / "migrations").glob("*.sql")):
        digest.update(migration.name.encode() + b"\0" + migration.read_bytes() + b"\0")
    return digest.hexdigest()


def _set(config: dict[str, Any], dotted_name: str, value: object) -> None:
    *tables, key = dotted_name.split(".")
    for table in tables:
        config = config.setdefault(table, {})
    config[key] = value
