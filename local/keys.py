"""Development secrets: strong, made once, kept outside git."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from local.paths import STATE

FILE_NAME: Final = "keys.json"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the embedded Supabase and the service must agree on. No value shows in a repr."""

    publishable_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    csrf_secret: str = field(repr=False)


def generate() -> Keys:
    """Make new keys, each with at least 192 random bits."""
    return Keys(
        publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
        secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
        jwt_secret=secrets.token_urlsafe(48),
        csrf_secret=secrets.token_urlsafe(48),
    )


def load_or_create(state_dir: Path = STATE) -> Keys:
    """Load the keys of `state_dir`; make them on the first call. Safe to call from several processes at once."""
    path = state_dir / FILE_NAME
    if not path.exists():
        _create(path)
    return Keys(**json.loads(path.read_text()))


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(generate()), indent=2) + "\n")
    try:
        # A link, unlike a rename, fails when somebody else was first: both then read the same keys.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
