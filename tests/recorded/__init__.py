"""What the real Supabase answers, recorded, one file a scenario; see README.md."""
