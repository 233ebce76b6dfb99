"""The command line: it wires, it computes nothing."""
