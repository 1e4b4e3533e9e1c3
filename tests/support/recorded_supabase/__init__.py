"""A Supabase that answers as the real one was recorded to; tests/recorded/README.md says what it knows."""
