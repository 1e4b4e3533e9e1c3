"""Where things lie in the repository."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The repository."""

STATE: Final = ROOT / ".latchkey"
"""Git-ignored: development secrets, the embedded Supabase's data, and logs."""

SUPABASE: Final = ROOT / "supabase"
"""config.toml and migrations/, in the Supabase CLI's own layout."""

MIGRATIONS: Final = SUPABASE / "migrations"
"""What makes the schema, in the order of the names."""

LITE: Final = ROOT / "local" / "node_modules" / "@supabase" / "lite" / "dist" / "cli" / "index.js"
"""The command line of Supabase Lite, where `npm ci` puts it."""
