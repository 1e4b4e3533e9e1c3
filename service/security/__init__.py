"""Credentials and what protects them: cookies, CSRF, access tokens."""
