"""Typed calls to Supabase Auth, one module for each capability."""
