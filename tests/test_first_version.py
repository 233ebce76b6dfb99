"""Model files that the first version wrote (commit 30d090f): they load, encode to the same bits and answer the same."""

import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.prediction import outputs

FILES = Path(__file__).parent / "first_version"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["kind", "price"])
def test_a_file_of_the_first_version_encodes_and_answers_as_it_did(name: str, tmp_path: Path) -> None:
    network = cr.load(FILES / f"{name}.safetensors")
    table = cr.read_table(FILES / "houses.csv", name)
    expected = EXPECTED[name]
    assert network.preprocessing is not None
    rows = network.rows(network.preprocessing.rows(table.inputs, table.columns))
    assert rows.tobytes().hex() == expected["rows"]
    a = outputs(network, table)
    assert np.allclose(a, np.frombuffer(bytes.fromhex(expected["outputs"]), a.dtype).reshape(a.shape), rtol=1e-5)
    answers = cr.predict(network, table)
    assert answers.tolist() == (expected["answers"] if name == "kind" else pytest.approx(expected["answers"]))
    assert cr.score(network, table) == pytest.approx(expected["score"])
    cr.save(network, tmp_path / "again.safetensors")
    assert cr.load(tmp_path / "again.safetensors").preprocessing == network.preprocessing
