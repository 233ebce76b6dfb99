"""trained_rows.py: rows that a network was trained on are known again, in any order and among others."""

import json

import numpy as np
import pytest

from chainrule.data.trained_rows import TrainedRows


def again(sketch: TrainedRows) -> TrainedRows:
    back = TrainedRows.from_json(json.loads(json.dumps(sketch.to_json())))
    assert back is not None
    return back


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("whole", [True, False], ids=["whole numbers", "any numbers"])
def test_up_to_a_thousand_rows_each_is_known_and_no_other(dtype: type, whole: bool, rng: np.random.Generator) -> None:
    """Whole numbers are floats whose low bits are all 0, which a careless hash makes one."""
    rows = (rng.integers(-50, 50, size=(1500, 3)) if whole else rng.normal(size=(1500, 3))).astype(dtype)
    rows = rng.permutation(np.unique(rows, axis=0))
    sketch = again(TrainedRows.of(rows[:900]))
    assert sketch.count == 900
    assert sketch.share(rows[:900][::-1]) == 1
    assert sketch.share(rows[900:]) == 0
    assert sketch.share(rows[600:1000]) == 0.75
    assert sketch.share(-rows[:0]) == 0


def test_of_more_rows_the_share_is_estimated(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(60_000, 4)).astype(np.float32)
    sketch = again(TrainedRows.of(rows[:40_000]))
    assert sketch.share(rows[rng.permutation(40_000)]) == 1
    assert sketch.share(rows[40_000:]) == 0
    assert sketch.share(rows) == pytest.approx(2 / 3, abs=0.05)
    assert len(json.dumps(sketch.to_json())) < 12_000


def test_minus_zero_is_zero() -> None:
    assert TrainedRows.of(np.array([[0.0, 1.0]])).share(np.array([[-0.0, 1.0]])) == 1


@pytest.mark.parametrize("kept", [None, {}, {"rows": 3}, "text"])
def test_a_file_without_a_sketch_has_none(kept: object) -> None:
    assert TrainedRows.from_json(kept) is None
