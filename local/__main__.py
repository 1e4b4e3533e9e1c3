"""`python -m local COMMAND`: what `make run`, `make outage`, `make env` and `make reset` call."""

import argparse
import sys

from local import env_file
from local.outage import outage
from local.reset import reset
from local.run import run


def main() -> int:
    """Run one command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description="Latchkey on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the embedded Supabase and the service")
    commands.add_parser("reset", help="forget the development users and keys")
    standstill = commands.add_parser("outage", help="have the embedded Supabase answer nobody for a while")
    standstill.add_argument("seconds", nargs="?", default="30")
    commands.add_parser("env", help="print what an API beside the service has to know")
    asked = parser.parse_args()
    match asked.command:
        case "run":
            return run()
        case "env":
            return env_file.write()
        case "outage":
            return outage(seconds=asked.seconds)
        case _:
            return reset()


sys.exit(main())
