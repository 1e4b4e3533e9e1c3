"""A Supabase upstream that answers at once, so that a measurement shows the server in front of it and nothing else."""
