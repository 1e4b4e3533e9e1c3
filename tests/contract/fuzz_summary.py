"""docs/fuzzing.md: what the long run sent and what came back."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from tests.contract.fuzz_report import WHOLE_FLOW, FuzzReport
from tests.contract.rules import contract
from tools.revision import revision


def write_summary(report: FuzzReport, path: Path, *, examples: int) -> None:
    """Write the summary of a run of so many examples for each operation."""
    path.write_text(_text(report, examples), encoding="utf-8")


def _text(report: FuzzReport, examples: int) -> str:
    statuses = sorted({status for counter in report.statuses.values() for status in counter})
    rows = [
        [label, f"{counter.total():,}", *(f"{counter[status]:,}" if counter[status] else "" for status in statuses)]
        for label, counter in _by_operation(report.statuses).items()
    ]
    phases = [[phase, f"{modes['positive']:,}", f"{modes['negative']:,}"] for phase, modes in report.modes.items()]
    checks = [[f"`{name}`", f"{count:,}"] for name, count in sorted(report.checks.items())]
    links = [[f"`{start}`", f"`{end}`", f"{report.followed((start, end)):,}"] for start, end in pairwise(WHOLE_FLOW)]
    often = [walk for walk, _ in report.walks.most_common() if len(walk) > 1][:8]
    longest = sorted(report.walks.keys() - set(often), key=lambda walk: (-len(walk), walk))[:4]
    walks = [[" → ".join(walk), f"{report.walks[walk]:,}"] for walk in (*often, *longest)]
    return f"""# The long fuzzing run

Schemathesis {version("schemathesis")} with every check on, {examples:,} examples for each operation, against the service on the
embedded Supabase (Python {platform.python_version()}), at revision {revision()}.

**{report.requests:,} requests in {report.seconds / 60:.0f} minutes, {sum(report.checks.values()):,} checks,
{len(report.failures)} failures, no warnings; no operation was left out and no check was switched off.**

`make fuzz FUZZ_EXAMPLES={examples} FUZZ_SEED={report.seed}` makes the same test cases again at that revision, and `make fuzz`
alone 100 new ones for each operation. `FUZZ_SUMMARY=docs/fuzzing.md` writes this page.

Most requests carry real credentials: a CSRF token fetched with its cookie, the refresh cookie and the access token of a user
who signed up and in through the service. One in four lacks some of them or comes with none.

One expectation is configured (`schemathesis.toml`): sign-up may answer 422 to a body that fits the contract, because JSON
Schema counts characters and bcrypt takes 72 bytes. A check of the project's own fails when any shorter password is called
weak.

## Answers

{_table(["operation", "requests", *map(str, statuses)], rows)}

## Test cases

{_table(["phase", "valid data", "invalid data"], phases)}

## Checks

{_table(["check", "times"], checks)}

`house_rules`, `only_long_passwords_are_weak` and `EveryOperationSucceeds` are the project's own (`tests/contract/checks.py`).

## Links

The stateful phase follows the contract's links. Through the life of a session it went

{_table(["from", "to", "times"], links)}

Walks all the way, from sign-up to sign-out: {report.whole_flows:,}. Those that came up most, and the longest, each step
answered with success:

{_table(["walk", "times"], walks)}
"""


def _by_operation(statuses: Mapping[str, Counter[int]]) -> dict[str, Counter[int]]:
    """The contract's operations in its order, and all other methods, which are sent on purpose, in one line."""
    documented = [f"{method.upper()} {path}" for path, methods in contract()["paths"].items() for method in methods]
    rows = {f"`{label}`": statuses[label] for label in documented if label in statuses}
    others: Counter[int] = sum((counter for label, counter in statuses.items() if label not in documented), Counter())
    return rows | ({"methods that the contract does not have": others} if others else {})


def _table(head: list[str], rows: list[list[str]]) -> str:
    align = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, align, *rows))
