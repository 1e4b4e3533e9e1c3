"""The figures as tables: plain for a terminal, Markdown for docs/benchmark.md."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from string import Template
from typing import Final

from bench import servers, workloads
from bench.floors import CONNECTIONS
from bench.footprint import IDLE_CONNECTIONS, STARTS
from bench.measure import Row, Spread
from bench.results import Results

_TEMPLATE: Final = Path(__file__).with_name("report.md")
_COLUMNS: Final = ["server", "connections", "req/s", "p50 ms", "p99 ms", "CPU ms/req", "memory MiB"]

Table = list[list[str]]


def terminal(results: Results) -> str:
    """Everything, for a person at a terminal."""
    parts = [f"{workloads.TITLES[request]}\n{_plain(_figures(rows))}" for request, rows in _by_request(results.rows)]
    parts += [
        f"{workloads.TITLES[request]}, embedded Supabase\n{_plain(_figures(rows))}"
        for request, rows in _by_request(results.embedded_rows)
    ]
    if results.footprints:
        parts.append(f"Footprint\n{_plain(_footprints(results))}")
    if results.scaling:
        parts.append(f"Processes, all sharing the machine's cores with wrk and nginx\n{_plain(_scaling(results))}")
    if results.checks:
        parts.append("\n".join(map(str, results.checks)))
    return "\n\n".join(parts)


def markdown(results: Results) -> str:
    """The whole of docs/benchmark.md."""
    return Template(_TEMPLATE.read_text()).substitute(
        connections=CONNECTIONS,
        rounds=results.plan.rounds,
        seconds=f"{results.plan.seconds:g}",
        summary=_marked(_summary(results.rows)),
        checks=_checks(results),
        machine=_pairs({**_machine(results.machine), **results.versions}),
        tables=_sections(results.rows),
        embedded=_embedded(results),
        footprint=_footprint_section(results),
    )


def _by_request(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    grouped = [(name, [row for row in rows if row.request == name]) for name in workloads.TITLES]
    return [(name, found) for name, found in grouped if found]


def _figures(rows: Sequence[Row]) -> Table:
    table = [_COLUMNS]
    for row in rows:
        title = servers.TITLES[row.server]
        if row.faults:
            table.append([title, str(row.connections), f"void: {row.faults[0]}", "", "", "", ""])
            continue
        table.append(
            [
                title,
                str(row.connections),
                _spread(row.throughput, _number),
                _spread(row.p50, _number),
                _spread(row.p99, _number),
                _middle(row.cpu, "{:.3f}".format),
                _middle(row.resident, "{:.0f}".format),
            ]
        )
    return table


def _summary(rows: Sequence[Row]) -> Table:
    shown = [row for row in rows if row.connections == CONNECTIONS]
    requests = [name for name, _ in _by_request(shown) if name not in workloads.OWN]
    table = [["server", *(workloads.TITLES[name] for name in requests)]]
    for server in servers.TITLES:
        cells = {row.request: row for row in shown if row.server == server}
        if cells:
            figures = [_spread(cells[name].throughput, _number) if name in cells else "" for name in requests]
            table.append([servers.TITLES[server], *figures])
    return table


def _footprints(results: Results) -> Table:
    head = ["server", "start to ready", "memory after start", "memory after load", "an idle connection"]
    return [
        head,
        *(
            [
                servers.TITLES[item.server],
                f"{item.start_seconds:.2f} s",
                f"{item.idle_mib:.0f} MiB",
                f"{item.loaded_mib:.0f} MiB",
                f"{item.connection_kib:.1f} KiB",
            ]
            for item in results.footprints
        ),
    ]


def _scaling(results: Results) -> Table:
    head = ["WEB_CONCURRENCY", "GET /auth/me req/s", "p99 ms", "memory MiB"]
    return [
        head,
        *(
            [str(item.processes), _number(item.throughput), _number(item.p99_ms), f"{item.resident_mib:.0f}"]
            for item in results.scaling
        ),
    ]


def _checks(results: Results) -> str:
    table = [["", "ratio", "bound", ""]]
    for check in results.checks:
        sign = "≥" if check.at_least else "≤"
        verdict = "yes" if check.met else "**no**"
        kind = "floor" if check.required else "aim"
        table.append([f"{kind}: {check.title}", f"{check.value:.2f}", f"{sign} {check.bound:g}", verdict])
    return _marked(table) if results.checks else ""


def _machine(machine: dict[str, str]) -> dict[str, str]:
    names = {
        "cpu": "processor",
        "cores": "cores",
        "memory": "memory",
        "system": "system",
        "measured": "measured",
        "commit": "commit",
        "load_before": "load average before",
    }
    return {title: machine[name] for name, title in names.items()}


def _sections(rows: Sequence[Row]) -> str:
    parts = [
        f"<details>\n<summary>{workloads.TITLES[request]}</summary>\n\n{_marked(_figures(found))}\n\n</details>"
        for request, found in _by_request(rows)
    ]
    return "\n\n".join(parts)


def _embedded(results: Results) -> str:
    if not results.embedded_rows:
        return "Not part of this run."
    parts = [
        "The embedded Supabase of `make run` instead of nginx: one Node process on SQLite, on the core that wrk uses.",
        "It hashes passwords in JavaScript and reads rows from a disk, so this is mostly what it takes itself. Refreshes",
        "repeat one token, within the reuse interval.",
    ]
    tables = [
        f"{workloads.TITLES[request]}\n\n{_marked(_figures(rows))}" for request, rows in _by_request(results.embedded_rows)
    ]
    return "\n\n".join(["\n".join(parts), *tables])


def _footprint_section(results: Results) -> str:
    parts = []
    if results.footprints:
        parts.append(_marked(_footprints(results)))
        parts.append(
            f"Start to ready is the median of {STARTS} starts, from the process's start to the first 200 of /readyz\n"
            "(/healthz where there is none). Memory is resident memory; that of an idle connection is the growth\n"
            f"for each of {IDLE_CONNECTIONS} keep-alive connections that have asked once."
        )
    if results.scaling:
        parts.append(_marked(_scaling(results)))
        parts.append(
            "Several processes, with wrk, nginx and the service on the same cores: each takes a part of them, so two\n"
            "processes on a two-core machine cannot double the rate here."
        )
    return "\n\n".join(parts) or "Not part of this run."


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _spread(spread: Spread | None, text: Callable[[float], str]) -> str:
    if spread is None:
        return "void"
    return f"{text(spread.median)} ({text(spread.least)} to {text(spread.most)})"


def _middle(spread: Spread | None, text: Callable[[float], str]) -> str:
    return "void" if spread is None else text(spread.median)


def _pairs(pairs: dict[str, str]) -> str:
    return _marked([["", ""], *([name, value] for name, value in pairs.items())])


def _plain(table: Table) -> str:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = []
    for line in table:
        first, *rest = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        lines.append("  ".join([first.strip().ljust(widths[0]), *rest]).rstrip())
    return "\n".join(lines)


def _marked(table: Table) -> str:
    head, *body = table
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in _lines(head, rule, body))


def _lines(head: list[str], rule: list[str], body: Iterable[list[str]]) -> list[list[str]]:
    return [head, rule, *body]
