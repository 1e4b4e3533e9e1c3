"""`make soak`: minutes of mixed traffic on the real service and the embedded Supabase, while things go wrong."""
