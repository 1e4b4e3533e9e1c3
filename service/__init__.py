"""Latchkey: an authentication service between a browser front end and Supabase."""
