"""Supabase behind the service, for tests of one operation on several: the embedded one, the recorded one, a real one.

`base.Upstream` is what such a test needs of a Supabase; tests/recorded/README.md says how it is used.
"""
