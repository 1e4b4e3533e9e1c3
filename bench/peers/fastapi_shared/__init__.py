"""The first thing that a team would improve: one connection pool for the process, and light clients over it."""
