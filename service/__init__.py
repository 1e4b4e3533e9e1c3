"""Latchkey: an authentication service between a browser front end and Supabase."""

import warnings

# Connexion imports Starlette's test client, which warns about the HTTP library that it uses; nobody tests with it here.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`", category=Warning)
