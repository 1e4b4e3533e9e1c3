"""Everything that talks to Supabase; the only package that imports its clients."""
