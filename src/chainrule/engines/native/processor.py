"""For which processor code is made, and how wide the vectors of its loops are.

A row of a panel is a cache line, ROW_BYTES. Tiles use the widest vectors there are; all other loops go over rows whose length
is a multiple of half a panel, and have vectors of that size and no rest: with a rest, which is computed in another way, bits
would depend on how columns are shared among threads.
"""

from __future__ import annotations

from typing import Any

ROW_BYTES = 64


def has_wide_vectors(binding: Any) -> bool:
    """Whether a vector has room for a whole row of a panel."""
    return bool(binding.get_host_cpu_features().get("avx512f"))


def target(binding: Any, **options: Any) -> tuple[Any, Any]:
    """The processor of this machine for LLVM, and what builds its passes."""
    features = binding.get_host_cpu_features()
    if has_wide_vectors(binding):
        features["prefer-256-bit"] = True  # of loops; what has wide vectors of its own keeps them
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features.flatten(), opt=3, **options
    )
    tuning = binding.create_pipeline_tuning_options(speed_level=3)
    # vectors of what stands side by side within a loop (SLP) break up multiply-adds, in loops over few numbers alone
    tuning.loop_vectorization, tuning.slp_vectorization = True, False
    tuning.loop_unrolling, tuning.loop_interleaving = True, False
    return machine, binding.create_pass_builder(machine, tuning)
