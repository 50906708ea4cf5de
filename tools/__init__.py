"""Development tools, started by ./dev."""
