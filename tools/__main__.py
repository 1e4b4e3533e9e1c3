"""`python -m tools COMMAND`: what the Makefile calls to write files of the repository, and to check that they are current."""

import argparse
import sys

from tools import generated, lock, sbom


def main() -> int:
    """Run one command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools", description="Tools of the Latchkey repository.")
    commands = parser.add_subparsers(dest="command", required=True)
    lock_parser = commands.add_parser("lock", help="write requirements/*.txt from pyproject.toml")
    lock_parser.add_argument("--check", action="store_true", help="only tell whether they are current")
    lock_parser.add_argument("--upgrade", action="store_true", help="move every package to its newest allowed version")
    commands.add_parser("sbom", help="write the bill of materials (CycloneDX) of the service")
    generate_parser = commands.add_parser("generate", help="write what is made from the contract")
    generate_parser.add_argument("--check", action="store_true", help="only tell whether it is current")
    arguments = parser.parse_args()
    match arguments.command:
        case "lock":
            return lock.check() if arguments.check else lock.write(upgrade=arguments.upgrade)
        case "sbom":
            return sbom.write()
        case _:
            return generated.check() if arguments.check else generated.write()


sys.exit(main())
