"""What developers run: lock files, generated files, the bill of materials."""
