"""ASGI middleware, one idea a file. service/app.py says in which order they stand, and why."""
