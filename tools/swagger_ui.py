"""The files of Swagger UI that the service serves, from the package that openapi/ui/package-lock.json pins by its hash.

They are in the repository, so that `pip install` needs no Node, and the service asks nobody else for them.
"""

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tools.paths import ROOT

SOURCE: Final = ROOT / "openapi" / "ui" / "node_modules" / "swagger-ui-dist"
TARGET: Final = ROOT / "service" / "contract" / "static" / "swagger-ui"
# The licences of Swagger UI and of what is bundled in it go where it goes.
NAMES: Final = (
    "LICENSE", "NOTICE", "favicon-32x32.png", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt",
)  # fmt: skip


def _copy(name: str, target: Path) -> None:
    shutil.copyfile(SOURCE / name, target)


COPIED: Final[Mapping[Path, Callable[[Path], None]]] = {TARGET / name: partial(_copy, name) for name in NAMES}
