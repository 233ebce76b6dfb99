"""Whether QUICK=1 asks the benchmarks to take little time, and to measure less well."""

import os

QUICK = os.environ.get("QUICK") == "1"
