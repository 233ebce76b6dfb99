"""About how much memory a run takes, so that too little is said before it starts."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.data import Dataset
from chainrule.data.mapped import MappedRows
from chainrule.memory import check_memory, in_bytes
from chainrule.network import Network

COPIES = (
    8  # of all weights and biases: the network's, θ, the gradient, the move, the best, and what one step makes beside
)
LAYERS = 4  # arrays by layer of a batch: z, a, δ and what a step makes beside
EVALUATED = 4096  # validation rows at a time
MAPPED = 'memory-map the inputs (numpy.load("x.npy", mmap_mode="r"), or an uncompressed NPZ file)'


def check_fits(network: Network, parts: Sequence[Dataset], slots: int, batch_size: int, held: int = 0) -> None:
    """Raises MemoryLimitError, with figures and what to do, where a run on these data sets needs more than is available.

    `slots` is how many numbers the rule remembers for each weight, `held` the bytes that the engine holds of its own.
    Evaluation takes 4,096 rows at a time.
    """
    item, rows = network.dtype.itemsize, sum(map(len, parts))
    batch = max(min(batch_size, len(parts[0])), min(EVALUATED, max(map(len, parts[1:]), default=0)))
    shares = {
        "inputs": sum(_of_inputs(network, part) for part in parts),
        "targets": rows * network.sizes[-1] * (8 + item),
        "parameters": network.parameters.size * item * (COPIES + slots),
        "batch": batch * sum(network.sizes) * item * LAYERS,
        **({"compiled engine": held} if held else {}),
    }
    instead = {
        "inputs": f"{MAPPED}, give them in {network.dtype}, or take fewer rows",
        "targets": "take fewer rows, or targets of fewer columns",
        "parameters": "take a smaller network" + (', or dtype="float32"' if item > 4 else ""),
        "batch": "take a smaller batch_size",
        "compiled engine": "take engine='reference', or a smaller network",
    }
    largest = max(shares, key=shares.__getitem__)
    told = ", ".join(f"{in_bytes(size)} for the {name}" for name, size in shares.items())
    sizes = "-".join(map(str, network.sizes))
    check_memory(sum(shares.values()), f"training {sizes} on {rows:,} rows ({told})", instead[largest])


def _of_inputs(network: Network, part: Dataset) -> int:
    """The bytes of a part's inputs beyond those that are in memory already."""
    if isinstance(part.inputs, MappedRows):
        return 0
    copied = part.inputs.dtype != network.dtype or (part.preprocessing is None and network.preprocessing is not None)
    return part.inputs.size * (network.dtype.itemsize * copied + 1)  # and a truth value each, while they are checked
