"""Engines: whole runs of training steps behind one port."""
