"""Reads what Schemathesis writes as NDJSON: what was sent, what was answered, which links were followed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

Walk = tuple[str, ...]

# The whole life of a session, by the contract's links.
WHOLE_FLOW: Walk = ("POST /auth/signup", "POST /auth/signin", "GET /auth/me", "POST /auth/refresh", "POST /auth/logout")


@dataclass(slots=True)
class FuzzReport:
    """One run. `statuses` counts answers by operation, `modes` test cases by phase and kind of data."""

    seed: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    modes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    checks: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    walks: Counter[Walk] = field(default_factory=Counter)
    seconds: float = 0.0

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a report; scenario by scenario, because a long run's is large."""
        report = cls()
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                for kind, event in json.loads(line).items():
                    report._add(kind, event)
        return report

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return sum(counter.total() for counter in self.statuses.values())

    def followed(self, link: tuple[str, str]) -> int:
        """How often this link was followed, with success at both of its ends."""
        return sum(count * list(pairwise(walk)).count(link) for walk, count in self.walks.items())

    @property
    def flow_links_not_followed(self) -> list[str]:
        """Which links of the whole flow no walk took."""
        return [" -> ".join(link) for link in pairwise(WHOLE_FLOW) if not self.followed(link)]

    @property
    def whole_flows(self) -> int:
        """How many walks went through the whole flow in its order, whatever other successes lay between."""
        return sum(count for walk, count in self.walks.items() if _in_order(WHOLE_FLOW, walk))

    def _add(self, kind: str, event: Mapping[str, Any]) -> None:
        if kind == "Initialize":
            self.seed = event["seed"]
        elif kind == "EngineFinished":
            self.seconds = event["running_time"]
        elif kind == "ScenarioFinished":
            self._add_scenario(event["phase"], event["recorder"])

    def _add_scenario(self, phase: str, recorder: Mapping[str, Any]) -> None:
        cases, interactions = recorder.get("cases", {}), recorder.get("interactions", {})
        succeeded: dict[str, str] = {}
        for case_id, node in cases.items():
            response = (interactions.get(case_id) or {}).get("response")
            if response is None:
                continue
            case = node["value"]
            label = f"{case['method']} {case['path']}"
            self.statuses[label][response["status_code"]] += 1
            self.modes[phase][_mode(case)] += 1
            if response["status_code"] < 300:
                succeeded[case_id] = label
        for case_id, results in recorder.get("checks", {}).items():
            for result in results:
                self.checks[result["name"]] += 1
                if result["status"] == "failure":
                    self.failures.append(f"{result['name']} on {case_id}")
        if phase == "stateful":
            self.walks.update(_walks(cases, succeeded))


def _mode(case: Mapping[str, Any]) -> str:
    meta = case.get("meta") or {}
    return str((meta.get("generation") or {}).get("mode", "other"))


def _walks(cases: Mapping[str, Any], succeeded: Mapping[str, str]) -> Iterator[Walk]:
    """The chain of links to each success that no other success follows."""
    parents = {case_id: node.get("parent_id") for case_id, node in cases.items()}
    followed = {parents[case_id] for case_id in succeeded}
    for case_id in succeeded.keys() - followed:
        walk: list[str] = []
        at: str | None = case_id
        while at is not None and at in succeeded:
            walk.append(succeeded[at])
            at = parents.get(at)
        yield tuple(reversed(walk))


def _in_order(steps: Walk, walk: Walk) -> bool:
    rest = iter(walk)
    return all(step in rest for step in steps)
