"""The benchmark: Latchkey beside what a team would write instead. Start with `python -m bench --help`."""
