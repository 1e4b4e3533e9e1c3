"""`make fuzz`: Schemathesis against the service on an embedded Supabase, both started for it and stopped after it."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local import keys as local_keys
from local.mailbox import Mailbox
from local.supabase import LocalSupabase
from tests.contract.browser_session import MAILBOX_URL
from tests.contract.fuzz_report import FuzzReport
from tests.contract.fuzz_summary import write_summary
from tests.support.service import ServiceProcess, development_env, free_port
from tools.paths import ROOT

PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
UNLIMITED: Final = {"RATE_LIMIT_ENABLED": "false", "MAIL_ANSWER_AFTER": "0.02"}
# Fewer examples than these leave it to chance whether each link is followed.
FEW_EXAMPLES: Final = 100


def arguments(url: str, report: Path, *, examples: int, seed: int, phases: Sequence[str] = PHASES) -> list[str]:
    """What the `schemathesis` command gets; all else is in schemathesis.toml."""
    return [
        "run", f"{url}/openapi.json", "--checks", "all", "--phases", ",".join(phases),
        "--max-examples", str(examples), "--seed", str(seed), "--report", "ndjson", "--report-ndjson-path", str(report),
    ]  # fmt: skip


@contextmanager
def running_service(folder: Path) -> Iterator[tuple[str, str]]:
    """The URLs of a service with no rate limits, on a Supabase of its own, and of the mailbox that it sends to."""
    keys = local_keys.generate()
    with (
        Mailbox(folder / "mailbox", free_port()) as mailbox,
        LocalSupabase(
            folder / "supabase", free_port(), keys, mailbox.settings, password_cost=4, trusted_certificate=mailbox.certificate
        ) as supabase,
    ):
        env = development_env(supabase.url, keys, free_port()) | UNLIMITED
        with ServiceProcess(env, folder / "service" / "service.log") as service:
            yield service.url, mailbox.url


def main() -> int:
    """Fuzz. Returns the exit status: 0 only for a run with neither a failure nor a warning."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="test cases for each operation (FUZZ_EXAMPLES)")
    parser.add_argument("--seed", type=int, default=None, help="what made the test cases of an earlier run (FUZZ_SEED)")
    parser.add_argument("--summary", type=Path, help="write a summary of the run to this Markdown file (FUZZ_SUMMARY)")
    options = parser.parse_args()
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    replay = f"make fuzz FUZZ_EXAMPLES={options.examples} FUZZ_SEED={seed}"
    with tempfile.TemporaryDirectory(prefix="latchkey-fuzz-") as name:
        folder = Path(name)
        path = folder / "report.ndjson"
        with running_service(folder) as (url, mailbox_url):
            command = [sys.executable, "-m", "schemathesis.cli", *arguments(url, path, examples=options.examples, seed=seed)]
            environment = {**os.environ, MAILBOX_URL: mailbox_url}
            status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        report = FuzzReport.read(path)
    missing = report.flow_links_not_followed if options.examples >= FEW_EXAMPLES else []
    if missing:
        print("These links were not followed with success:", *missing, sep="\n  ")
        status = status or 1
    if options.summary and status == 0:
        write_summary(report, options.summary, examples=options.examples)
    print(f"The same test cases again: {replay}")
    return status


if __name__ == "__main__":
    sys.exit(main())
