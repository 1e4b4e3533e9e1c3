"""`python -m local COMMAND`: what the Makefile calls."""

import argparse
import sys

from local import generated, lock, sbom
from local.reset import reset
from local.run import run


def main() -> int:
    """Run one command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description="Development commands of Latchkey.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the embedded Supabase and the service")
    commands.add_parser("reset", help="forget the development users and keys")
    lock_parser = commands.add_parser("lock", help="write requirements/*.txt from pyproject.toml")
    lock_parser.add_argument("--check", action="store_true", help="only tell whether they are current")
    lock_parser.add_argument("--upgrade", action="store_true", help="move every package to its newest allowed version")
    commands.add_parser("sbom", help="write the bill of materials (CycloneDX) of the service")
    generate_parser = commands.add_parser("generate", help="write service/models.py from the contract")
    generate_parser.add_argument("--check", action="store_true", help="only tell whether it is current")
    arguments = parser.parse_args()
    match arguments.command:
        case "run":
            return run()
        case "reset":
            return reset()
        case "lock":
            return lock.check() if arguments.check else lock.write(upgrade=arguments.upgrade)
        case "sbom":
            return sbom.write()
        case _:
            return generated.check() if arguments.check else generated.write()


sys.exit(main())
