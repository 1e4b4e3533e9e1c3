"""`latchkey doctor`: looks at the configured project and says in one line each what is well, and what to do."""
