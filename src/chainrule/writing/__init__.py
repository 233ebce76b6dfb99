"""Formulas, numbers and pages of them, and a writer for each format; nothing here knows a network."""
