"""Records what a real Supabase answers: `python -m tests.recorded [SCENARIO ...]`, from the repository's root.

Which Supabase, and what can be done with it, says the environment (tests/support/upstream/real.py): SUPABASE_URL and both keys
are needed. Scenarios that need more than it gives (a mailbox, the database, another setting of the project) are left out, and
named with the reason; their files stay as they are. Every user that it makes has a made-up address at example.com, and stays:
take a project that holds nothing else.

The usual project is one with what README.md lists. `--list` prints the scenarios and what each needs on top of that.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.recorded.scenarios import SCENARIOS, Scenario, Scene
from tests.support.upstream.base import Unavailable, Upstream
from tests.support.upstream.real import RealSupabase

FOLDER = Path(__file__).parent
COMMAND = "python -m tests.recorded"


def act(scenario: Scenario, upstream: Upstream) -> Scene:
    """Play a scenario on a Supabase. Raises Unavailable."""
    upstream.configure(**scenario.settings)
    scene = Scene(upstream)
    scenario.act(scene)
    return scene


def document(scenario: Scenario, scene: Scene, made_by: str) -> dict[str, Any]:
    """What a file holds."""
    return {
        "name": scenario.name,
        "how": " ".join(scenario.how.split()),
        "settings": dict(scenario.settings),
        "made_by": made_by,
        "made_with": f"{COMMAND} {scenario.name}",
        "exchanges": scene.exchanges,
        "tokens": scene.names.tokens,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("scenario", nargs="*", help="all, unless some are named")
    parser.add_argument("--list", action="store_true", help="print the scenarios")
    parser.add_argument("--made-by", default="", help="what else the files are to say of what answered")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenario) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    chosen = [SCENARIOS[name] for name in arguments.scenario or SCENARIOS]
    if arguments.list:
        for scenario in chosen:
            print(scenario.name, *(f"{name}={value}" for name, value in scenario.settings.items()))
        return 0
    try:
        upstream = RealSupabase()
    except Unavailable as reason:
        parser.error(str(reason))
    version = upstream.wire.call("GET", "/health").json["version"]
    made_by = "; ".join(filter(None, [f"Supabase Auth {version}", arguments.made_by]))
    left_out = 0
    for scenario in chosen:
        try:
            scene = act(scenario, upstream)
        except Unavailable as reason:
            left_out += 1
            print(f"left out: {scenario.name}: {reason}")
            continue
        text = json.dumps(document(scenario, scene, made_by), indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{scenario.name}.json").write_text(text)
        print(f"recorded: {scenario.name}, {len(scene.exchanges)} exchanges")
    print(f"{len(chosen) - left_out} recorded, {left_out} left out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
