"""Measure the jobs and screens beside their floors: ./dev bench."""
