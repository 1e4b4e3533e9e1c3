"""Development only: the embedded Supabase, and the service beside it (`make run`). `service/` never imports it."""
