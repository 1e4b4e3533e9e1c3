"""The only room that knows uvicorn: the connection, the process, and how it ends."""
