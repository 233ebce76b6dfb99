"""How threads wait for each other: by looking at a flag, then by giving way, then asleep.

Flags lie a cache line apart: the command, then for each thread the phase it has come to, and the last command it has seen. A
command is one number, so that who reads it reads all of it: its own number, for how many threads, and how many steps.
"""

from __future__ import annotations

import sys

import numpy as np
from numba import types

from chainrule.engines.native import plan as p
from chainrule.engines.native.lookup import INT64, array
from chainrule.engines.native.tiles import at, native, observe, publish

WINDOWS = sys.platform == "win32"
give_way = types.ExternalFunction("SwitchToThread" if WINDOWS else "sched_yield", types.int32())
nap = types.ExternalFunction("Sleep" if WINDOWS else "usleep", types.int32(types.uint32))
SPINS, YIELDS, NAPS = 20_000, 200, 300  # about 0.03 ms, 0.1 ms, 30 ms
NAP = np.uint32(1 if WINDOWS else 50)  # milliseconds there, microseconds elsewhere


@native
def wait(plan, thread, threads, phase):
    """Until every thread has come to this phase; the next phase."""
    if threads > 1:
        flags = at(array(plan, p.FLAGS, INT64), p.LINE)
        publish(at(flags, p.LINE * thread), phase)
        for other in range(threads):
            asked = 0
            while observe(at(flags, p.LINE * other)) < phase:
                asked += 1
                rest(asked)
    return phase + 1


@native
def rest(asked):
    """Between two looks at a flag: nothing for a while, then give way to others, then sleep, so that they have the core."""
    if asked > SPINS + YIELDS:
        nap(NAP)
    elif asked > SPINS:
        give_way()
