"""The fingerprint of a data set: equal for equal rows, another one when a single bit differs."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import Dataset, fingerprint
from chainrule.data.fingerprint import CHUNK

X = np.arange(12.0).reshape(4, 3)
Y = np.array([0, 1, 0, 1])
W = np.array([1.0, 2.0, 1.0, 1.0])


def made(x: np.ndarray = X, y: np.ndarray = Y, w: np.ndarray | None = W) -> Dataset:
    return Dataset(x, y, w)


def flipped(array: np.ndarray, bit: int) -> np.ndarray:
    """The array with one bit of its last value turned."""
    bits = array.copy().view(np.uint64)
    bits.flat[-1] ^= np.uint64(1) << np.uint64(bit)
    return bits.view(array.dtype)


def test_equal_rows_have_one_fingerprint_in_any_memory_layout() -> None:
    layouts = [X.copy(), np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X.astype(">f8")]
    assert {fingerprint(made(x)) for x in layouts} == {fingerprint(made())}
    assert len(fingerprint(made())) == 64


@pytest.mark.parametrize(
    "other",
    [
        made(flipped(X, 0)),
        made(y=flipped(Y.astype(np.int64), 0)),
        made(w=flipped(W, 0)),
        made(w=None),
        made(X.astype(np.float32)),
        made(X[:, ::-1]),
        made(X[::-1], Y[::-1], W[::-1]),
        made(X.reshape(4, 3)[:3], Y[:3], W[:3]),
        made(y=Y[:, None]),
    ],
)
def test_another_bit_type_shape_or_order_is_another_set(other: Dataset) -> None:
    assert fingerprint(other) != fingerprint(made())


def test_texts_count_as_texts_however_wide_their_array_is() -> None:
    short = np.array(["a", "b", "a", "b"])
    assert fingerprint(made(y=short)) == fingerprint(made(y=short.astype("U9")))
    assert fingerprint(made(y=short)) != fingerprint(made(y=np.array(["a", "b", "a", "c"])))
    assert fingerprint(made(y=np.array(["ab", "c", "a", "b"]))) != fingerprint(made(y=np.array(["a", "bc", "a", "b"])))


def test_every_chunk_counts() -> None:
    x = np.zeros((3, CHUNK // 16))  # two rows and a half a chunk
    before = fingerprint(made(x, Y[:3], None))
    x[2, -1] = 1e-300
    assert fingerprint(made(x, Y[:3], None)) != before


def test_a_loaded_set_is_the_same_each_time() -> None:
    assert fingerprint(cr.load_data("iris")) == fingerprint(cr.load_data("iris")) != fingerprint(cr.load_data("wine"))
