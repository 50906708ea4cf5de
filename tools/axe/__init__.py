"""Look at every screen in a browser: ./dev axe."""
