"""Shapes, scenes of them, axes, and SVG; nothing here knows a network."""
