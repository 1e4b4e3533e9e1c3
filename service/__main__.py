"""`latchkey`, or `python -m service`: the service with the settings from the environment."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import structlog
from pydantic import ValidationError

from service.server.listening import obstacle
from service.settings import Settings
from service.telemetry.log import configure_logging

log = structlog.get_logger("service")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; without `arguments`, with the command line's.

    Returns the exit status: 2 when the settings are refused, 3 when the start failed.
    """
    parser = argparse.ArgumentParser(
        prog="latchkey",
        description="An authentication service between a browser front end and Supabase.",
        epilog="Settings come from environment variables and from .env in the current folder; .env.example documents them.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="[doctor]")
    commands.add_parser("doctor", help="check the configured project and the settings, a line each; 1 where something is to do")
    command = parser.parse_args(arguments).command
    try:
        settings = Settings()
    except ValidationError as error:
        sys.stderr.write(refusal(error))
        return 2
    configure_logging(settings.log_level)
    if command == "doctor":
        return _doctor(settings)
    if (found := obstacle(settings.host, settings.port)) is not None:
        sys.stderr.write(f"Latchkey does not start: {found.variable} {found.cure}.\n")
        return 3
    if settings.web_concurrency > 1 and settings.rate_limit_enabled and settings.rate_limit_storage is None:
        # No refusal: the limits are weaker by a known factor, and replicas elsewhere could not be seen anyway.
        log.warning("rate_limits_not_shared", processes=settings.web_concurrency, cure="set RATE_LIMIT_STORAGE")
    return _serve(settings)


def _doctor(settings: Settings) -> int:
    from service.doctor.run import run

    configure_logging("ERROR")  # what it finds is said in its own lines
    return asyncio.run(run(settings))


def _serve(settings: Settings) -> int:
    # Here, as they take long to import: refused settings are told without.
    from service.middleware.security_headers import api_headers
    from service.server.config import uvicorn_config
    from service.server.workers import serve

    headers = api_headers(hsts=settings.production)
    return serve(uvicorn_config("service.app:create_app", settings, error_headers=headers), settings.drain_seconds)


def _version() -> str:
    try:
        return metadata.version("latchkey")
    except metadata.PackageNotFoundError:  # a checkout: only a wheel is installed
        project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])


def refusal(error: ValidationError) -> str:
    """All problems at once, a line each, with the variable's name and never with its value."""
    lines = ["Latchkey does not start: the settings are not safe or not complete."]
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        lines.append(f"  {name}: {problem['msg']}")
    return "\n".join([*lines, "See .env.example for what each setting means.", ""])


if __name__ == "__main__":
    sys.exit(main())
