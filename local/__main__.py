"""`python -m local COMMAND`: what `make run` and `make reset` call."""

import argparse
import sys

from local.reset import reset
from local.run import run


def main() -> int:
    """Run one command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description="Latchkey on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the embedded Supabase and the service")
    commands.add_parser("reset", help="forget the development users and keys")
    return run() if parser.parse_args().command == "run" else reset()


sys.exit(main())
