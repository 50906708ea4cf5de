"""Mutations: a line that can be wrong without a test noticing is a test that is missing."""
