"""`python -m bench`: measures the service and its peers, and writes docs/benchmark.{json,svg,md}."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import conformance, footprint, report, workloads
from bench.backend import Upstream
from bench.environment import PYTHON, prepare
from bench.floors import missing
from bench.machine import machine, versions
from bench.measure import Plan, Row, Subject, estimate, measure
from bench.processes import LOAD_CORES, ROOT, SERVER_CORES, BenchError, require_programs
from bench.results import Results
from bench.servers import PEERS, SERVICE, UPSTREAM, Server, started
from bench.upstream.canned import Canned
from bench.upstream.embedded import embedded, require_embedded
from bench.upstream.nginx import upstream

_CONNECTIONS = (1, 16, 64, 256)

# The embedded Supabase is one process: more connections only wait longer for it, and it has no say in the others.
_EMBEDDED_CONNECTIONS = (1, 16)
_EMBEDDED_REQUESTS = ("me", "signin", "refresh")

# Load average above which the machine is not at rest.
_BUSY = 0.5

# What weighing one server takes, for the estimate.
_FOOTPRINT_SECONDS = 20
_SERVERS = [SERVICE, *PEERS, UPSTREAM]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; 1 when something is missing, answers wrongly, or (with --floors) is below its floor."""
    options = _parser().parse_args(arguments)
    # A terminated run must end its servers too: SystemExit unwinds every `with`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return run(options)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1


def run(options: argparse.Namespace) -> int:
    """The run that the command line describes."""
    require_programs()
    selected = _selected(options.only)
    plan = _plan(options)
    whole = not options.only
    embedded_plan = _embedded_plan(plan) if options.embedded and not options.quick else None
    if embedded_plan:
        require_embedded()
    seconds = sum(estimate(part, _cells(part, selected)) for part in (plan, embedded_plan) if part)
    weighs = options.footprint and not options.quick
    weighed = [server for server in selected if server is not UPSTREAM] if weighs else []
    seconds += _FOOTPRINT_SECONDS * len(weighed)
    _say(f"{_describe(plan, selected)}: about {seconds / 60:.0f} min in all")
    if (load := os.getloadavg()[0]) > _BUSY:
        _say(f"Something else is running (load average {load:.1f}): expect wide spreads")
    prepare()
    footprint.raise_open_files_limit()
    described, used = machine(), versions()
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as name:
        directory = Path(name)
        # The shorter one first: whatever is wrong with a server shows early.
        embedded_rows = against_embedded(selected, embedded_plan, directory) if embedded_plan else []
        rows = against_canned(selected, plan, directory)
        footprints, scaling = footprint.measure_all(weighed, directory, _say)
    results = Results(described, used, plan, rows, embedded_rows, footprints, scaling)
    print(f"\n{report.terminal(results)}\n")
    publish(results, options.output or (ROOT / "docs" if whole and not options.quick else ROOT / ".latchkey" / "bench"))
    return _verdict(results) if options.floors else int(any(row.faults for row in rows))


def against_canned(selected: Sequence[Server], plan: Plan, directory: Path) -> list[Row]:
    """Measures the servers in front of nginx, all of them running at the same time, idle but for one."""
    with ExitStack() as stack:
        canned = stack.enter_context(upstream(Canned(), directory / "nginx", LOAD_CORES))
        limit = stack.enter_context(upstream(Canned(), directory / "nginx-limit", SERVER_CORES))
        return measure(_subjects(stack, selected, canned, limit, directory), plan, _say)


def against_embedded(selected: Sequence[Server], plan: Plan, directory: Path) -> list[Row]:
    """The same in front of the embedded Supabase."""
    with ExitStack() as stack:
        supabase = stack.enter_context(embedded(directory / "embedded", LOAD_CORES))
        return measure(_subjects(stack, selected, supabase, supabase, directory), plan, _say)


def _subjects(
    stack: ExitStack, selected: Sequence[Server], behind: Upstream, limit: Upstream, directory: Path
) -> list[Subject]:
    subjects = []
    for server in selected:
        if server is UPSTREAM:
            conformance.check_upstream(server.name, limit.backend)
            requests = workloads.straight_to_upstream(limit.backend)
            subjects.append(Subject(server.name, limit.backend.url, limit.pid, limit.pid, requests))
            continue
        process = stack.enter_context(started(server, behind.backend, directory))
        conformance.check_server(server.name, process.url, behind.backend)
        requests = workloads.through_service(behind.backend)
        if server is SERVICE and behind.backend.factor_id:
            conformance.check_own(server.name, process.url, behind.backend)
            requests |= workloads.own(behind.backend)
        subjects.append(Subject(server.name, process.url, process.pid, behind.pid, requests))
    _say("every server answers as it should")
    return subjects


def publish(results: Results, directory: Path) -> None:
    """Writes the JSON, the chart and the page into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    figures, chart = directory / "benchmark.json", directory / "benchmark.svg"
    results.write_json(figures)
    (directory / "benchmark.md").write_text(report.markdown(results))
    drawn = subprocess.run([str(PYTHON), "-m", "bench.chart", str(figures), str(chart)], cwd=ROOT, check=False)
    if drawn.returncode:
        raise BenchError("The chart could not be drawn")
    _say(f"written: {figures}, {chart.name}, benchmark.md")


def _verdict(results: Results) -> int:
    below = [check for check in results.checks if check.required and not check.met]
    unknown = missing(results.rows)
    for title in unknown:
        print(f"floor: {title}: not measured")
    return int(bool(below or unknown))


def _plan(options: argparse.Namespace) -> Plan:
    requests = [name for name in workloads.TITLES if name in options.only] or list(workloads.TITLES)
    if options.quick:
        return Plan(requests, options.connections or (16,), rounds=1, seconds=1, warm_up_seconds=0)
    return Plan(requests, options.connections or _CONNECTIONS, options.rounds, options.seconds)


def _embedded_plan(plan: Plan) -> Plan | None:
    requests = [name for name in plan.requests if name in _EMBEDDED_REQUESTS]
    connections = [many for many in plan.connections if many in _EMBEDDED_CONNECTIONS]
    return replace(plan, requests=requests, connections=connections) if requests and connections else None


def _cells(plan: Plan, servers: Sequence[Server]) -> list[tuple[str, str]]:
    return [
        (server.name, name) for server in servers for name in plan.requests if server is SERVICE or name not in workloads.OWN
    ]


def _selected(only: Sequence[str]) -> list[Server]:
    return [server for server in _SERVERS if server.name in only] or _SERVERS


def _describe(plan: Plan, selected: Sequence[Server]) -> str:
    return (
        f"{len(selected)} servers, {len(plan.requests)} requests, {', '.join(map(str, plan.connections))} connections, "
        f"{plan.rounds} rounds of {plan.seconds:g} s"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [server.name for server in _SERVERS] + list(workloads.TITLES)
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement; default: 3")
    parser.add_argument("--connections", type=_numbers, help="default: 1,16,64,256")
    parser.add_argument(
        "--only",
        type=_names,
        default=[],
        metavar="NAME,...",
        help=f"servers and requests to measure: {', '.join(names)}",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="two minutes: one round of 1 s at 16 connections, no warm-up, embedded Supabase or footprint: is it running?",
    )
    parser.add_argument("--floors", action="store_true", help="exit with 1 when a ratio is below its floor")
    parser.add_argument(
        "--no-embedded", dest="embedded", action="store_false", help="leave out the table with the embedded Supabase"
    )
    parser.add_argument("--no-footprint", dest="footprint", action="store_false", help="leave memory and start time out")
    parser.add_argument(
        "--output",
        type=Path,
        help="where the files go; default: docs/, or .latchkey/bench/ for a run that is not whole",
    )
    return parser


def _names(text: str) -> list[str]:
    names = text.split(",")
    known = {server.name for server in _SERVERS} | set(workloads.TITLES)
    if unknown := set(names) - known:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
