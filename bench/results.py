"""Everything that one run found, as it goes into the JSON file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.floors import Check, checks
from bench.footprint import Footprint, Scaling
from bench.measure import Plan, Row


@dataclass
class Results:
    """The outcome of `python -m bench`."""

    machine: dict[str, str]
    versions: dict[str, str]
    plan: Plan
    rows: list[Row]
    embedded_rows: list[Row] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)
    scaling: list[Scaling] = field(default_factory=list)

    @property
    def checks(self) -> list[Check]:
        """The floors and aims that these figures can judge."""
        return checks(self.rows, self.footprints)

    def write_json(self, path: Path) -> None:
        """Writes the figures with every sample, one row a line so that two runs can be compared with diff."""
        plan = {**asdict(self.plan), "requests": list(self.plan.requests), "connections": list(self.plan.connections)}
        parts = {
            "machine": json.dumps(self.machine, indent=2),
            "versions": json.dumps(self.versions, indent=2),
            "plan": json.dumps(plan),
            "checks": _lines([{**asdict(check), "met": check.met} for check in self.checks]),
            "rows": _lines([row.as_json() for row in self.rows]),
            "embedded_rows": _lines([row.as_json() for row in self.embedded_rows]),
            "footprints": _lines([asdict(item) for item in self.footprints]),
            "scaling": _lines([asdict(item) for item in self.scaling]),
        }
        body = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
        path.write_text(f"{{\n{body}\n}}\n")


def _lines(items: Sequence[object]) -> str:
    rounded = [json.dumps(_rounded(item)) for item in items]
    return "[\n" + ",\n".join(rounded) + "\n]" if rounded else "[]"


def _rounded(value: object) -> object:
    # Four significant digits: no more is known.
    match value:
        case bool():
            return value
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {key: _rounded(item) for key, item in value.items()}
        case list() | tuple():
            return [_rounded(item) for item in value]
    return value
