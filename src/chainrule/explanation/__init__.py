"""Derivatives worked out for a reader: documents of steps, and their lowerings."""
