"""ASGI middleware, one idea a file. stack.py says in which order they stand, and why."""
