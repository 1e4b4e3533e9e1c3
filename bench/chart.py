"""Draws docs/benchmark.svg from docs/benchmark.json. Runs on bench/.venv: `python -m bench.chart JSON SVG`."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

# Bars, from the top down: names in the JSON, labels, colours that stay apart for colour-blind readers (Okabe and Ito).
SERVERS = {
    "latchkey": ("Latchkey", "#0072b2"),
    "node_hono": ("Node, Hono + supabase-js", "#009e73"),
    "fastapi_shared": ("FastAPI, shared pool", "#e69f00"),
    "fastapi_unit": ("FastAPI, client per request", "#cc79a7"),
}
BARS = {
    "me": "GET /auth/me",
    "signin": "POST /auth/signin",
    "refresh": "POST /auth/refresh",
    "refusal": "Refusal (401)",
}
CONNECTIONS = 16

Rows = dict[tuple[str, str, int], dict[str, Any]]


def draw(results: dict[str, Any], path: Path) -> None:
    """Writes the chart: throughput of each request, and how throughput and p99 hold up under more connections."""
    rows: Rows = {(row["server"], row["request"], row["connections"]): row for row in results["rows"]}
    mpl.rcParams.update(
        {
            "font.family": "sans-serif",
            "font.size": 9,
            "svg.fonttype": "none",
            "svg.hashsalt": "latchkey",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.constrained_layout.h_pad": 0.08,
            "figure.constrained_layout.hspace": 0.06,
        }
    )
    figure, grid = plt.subplots(3, 2, figsize=(10, 8.2), layout="constrained")
    for axes, (request, title) in zip(grid.flat, BARS.items(), strict=False):
        _bars(axes, rows, request, title)
    connections = sorted({many for _, _, many in rows})
    _lines(grid[2][0], rows, connections, "throughput", "GET /auth/me: requests per second")
    _lines(grid[2][1], rows, connections, "p99_ms", "GET /auth/me: p99 in ms (log scale)")
    grid[2][0].set_ylim(bottom=0)
    grid[2][1].set_yscale("log")
    grid[2][0].legend(frameon=False, fontsize=8, loc="center right")
    figure.suptitle(
        f"One process of each server on one core. Bars: requests per second at {CONNECTIONS} connections", fontsize=11
    )
    figure.savefig(path, metadata={"Date": None})


def _bars(axes: Axes, rows: Rows, request: str, title: str) -> None:
    shown = [name for name in SERVERS if _spread(rows, name, request, CONNECTIONS, "throughput")]
    spreads = [_spread(rows, name, request, CONNECTIONS, "throughput") for name in shown]
    medians = [spread["median"] for spread in spreads if spread]
    margins = [
        [spread["median"] - spread["least"] for spread in spreads if spread],
        [spread["most"] - spread["median"] for spread in spreads if spread],
    ]
    axes.set_title(title, loc="left", fontweight="bold")
    axes.barh(
        [SERVERS[name][0] for name in shown],
        medians,
        color=[SERVERS[name][1] for name in shown],
        xerr=margins,
        error_kw={"ecolor": "#444444", "elinewidth": 0.8, "capsize": 2},
    )
    for index, spread in enumerate(spreads):
        if spread:
            axes.annotate(
                f"{spread['median']:,.0f}",
                (spread["most"], index),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
            )
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)


def _lines(axes: Axes, rows: Rows, connections: list[int], figure: str, title: str) -> None:
    axes.set_title(title, loc="left", fontweight="bold")
    for name, (label, colour) in SERVERS.items():
        points = [(many, spread["median"]) for many in connections if (spread := _spread(rows, name, "me", many, figure))]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour, label=label)
    axes.set_xscale("log", base=2)
    axes.set_xticks(connections, [str(many) for many in connections])
    axes.set_xlabel("connections")
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)


def _spread(rows: Rows, server: str, request: str, connections: int, figure: str) -> dict[str, float] | None:
    spread: dict[str, float] | None = rows.get((server, request, connections), {}).get(figure)
    return spread


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
