"""The course unit as written: FastAPI, and a Supabase client created for each request."""
