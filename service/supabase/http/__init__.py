"""The wire to Supabase."""
