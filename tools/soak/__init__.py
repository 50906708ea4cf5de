"""A trial of crashes and of people and jobs at once: see ``__main__``."""
