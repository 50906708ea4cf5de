"""Bring the demo database to life: ./dev demo."""
