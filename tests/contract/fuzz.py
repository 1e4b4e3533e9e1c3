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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local import keys as local_keys
from local.github import LocalGitHub
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


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """The service, and where the mails that it makes Supabase send can be read."""

    service: ServiceProcess
    mailbox: Mailbox

    @property
    def environment(self) -> dict[str, str]:
        """What the fuzzer's process has to know."""
        return {MAILBOX_URL: self.mailbox.url}


@contextmanager
def running_service(folder: Path) -> Iterator[Fuzzed]:
    """A service with no rate limits, on a Supabase of its own below `folder`; what is there already is its state."""
    keys, port = local_keys.generate(), free_port()
    with (
        LocalGitHub(f"http://127.0.0.1:{port}/auth/v1/callback") as github,
        Mailbox(folder / "mailbox", free_port()) as mailbox,
        LocalSupabase(
            folder / "supabase",
            port,
            keys,
            {**mailbox.settings, "auth.external.github": github.settings},
            password_cost=4,
            trusted_certificate=mailbox.certificate,
        ) as supabase,
    ):
        env = development_env(supabase.url, keys, free_port()) | UNLIMITED
        with ServiceProcess(env, folder / "service" / "service.log") as service:
            yield Fuzzed(service, mailbox)


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
        with running_service(folder) as fuzzed:
            command = [sys.executable, "-m", "schemathesis.cli"]
            command += arguments(fuzzed.service.url, path, examples=options.examples, seed=seed)
            environment = {**os.environ, **fuzzed.environment}
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
