"""Development only: the embedded Supabase, and what `make` calls. `service/` never imports it."""
