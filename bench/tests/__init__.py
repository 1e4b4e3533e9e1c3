"""Tests of the benchmark's own arithmetic: `python -m pytest bench/tests`. None of them measures anything."""
