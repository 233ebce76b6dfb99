"""Training steps in native code: written for Numba, kept as machine code, run by several threads."""
