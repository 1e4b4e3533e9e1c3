"""`make env`: what an API beside the service has to know of the Supabase of `make run`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local import environment, keys
from local.paths import ROOT, STATE

NAMES: Final = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_JWT_SECRET")


def write(state_dir: Path = STATE, dotenv: Path = ROOT / ".env") -> int:
    """Print the lines of an `.env` file. Returns the exit code, 0.

    The port is SUPABASE_LOCAL_PORT's, from the environment or `.env`, as for `make run`.
    """
    user = environment.configured(dotenv)
    settings: Mapping[str, str] = user
    if "SUPABASE_URL" not in user:
        port = {**environment.DEFAULT_PORTS, **user}["SUPABASE_LOCAL_PORT"]
        own_keys = environment.embedded_keys(user, keys.load_or_create(state_dir))
        settings = environment.for_embedded_supabase({}, f"http://127.0.0.1:{port}", own_keys)
    print("\n".join(f"{name}={settings[name]}" for name in NAMES if name in settings))
    return 0
