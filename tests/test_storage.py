"""storage.py: what is saved comes back bit for bit, and what was tampered with does not come back at all."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from resealed import places, replaced, sealed

import chainrule as cr
from chainrule.data import Category, Number, Preprocessing
from chainrule.errors import FileError, SettingError
from chainrule.storage import load, load_notes, save

KEY = "chainrule"
TERMS = Preprocessing(
    (Number("größe", 2.5, 1.1), Category("b", ("u", "ü"))), ("ä", "日"), 0.5, "Art", (), ()
)  # fmt: skip


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def same_bits(one: cr.Network, other: cr.Network) -> bool:
    return all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(one.parameters.arrays(), other.parameters.arrays(), strict=True)
    )


def labelled() -> cr.Network:
    return cr.Network.random([3, 4, 2], "leaky_relu", "softmax", seed=1).with_preprocessing(TERMS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", ["neuron", "layer", "none"])
@pytest.mark.parametrize("terms", [None, TERMS])
def test_a_network_comes_back_bit_for_bit(tmp_path: Path, dtype: str, bias: str, terms: Preprocessing | None) -> None:
    """One bias a layer (S0.4), one a neuron, or none; the order of the tensors is that of the gradient (S1.1)."""
    network = cr.Network.random([3, 4, 2], "tanh", "softmax", "normal", bias, 5, dtype).with_preprocessing(terms)
    network = network.with_parameters(network.parameters.like(network.parameters.flat() * network.dtype.type(1e-30)))
    assert save(network, tmp_path / "m.safetensors") == tmp_path / "m.safetensors"
    back = load(tmp_path / "m.safetensors")
    assert same_bits(network, back)
    assert repr(network) == repr(back)
    assert back.preprocessing == terms


@pytest.mark.parametrize("alpha", [0.0, 0.2, np.float64(0.3), 1e-300])
def test_the_settings_of_an_activation_come_back(tmp_path: Path, alpha: float) -> None:
    network = cr.Network([[[1.5]], [[-2.0]]], None, [cr.leaky_relu(alpha=alpha), "identity"])
    back = load(save(network, tmp_path / "m"))
    assert back.activations[1].settings == network.activations[1].settings
    assert repr(back.activations[2]) == "identity"


@pytest.mark.parametrize("cost", ["poisson", "absolute_error", "log_cosh"])
def test_an_exponential_output_and_its_cost_come_back(tmp_path: Path, cost: str) -> None:
    network = cr.Network.random([3, 4, 2], "tanh", "exponential", seed=1).with_cost(cost)
    back = load(save(network, tmp_path / "m"))
    assert (repr(back.output), repr(back.cost)) == ("exponential", cost)
    x, y = np.ones((1, 3)), np.ones((1, 2))
    assert np.array_equal(cr.gradient(back, x, y).flat(), cr.gradient(network, x, y).flat())


def test_a_users_own_activation_is_handed_in_again(tmp_path: Path) -> None:
    mish = cr.activation(lambda z, m: z * m.tanh(m.softplus(z)), "mish")
    network = cr.Network.random([2, 3, 1], mish, seed=0)
    path = save(network, tmp_path / "m")
    back = load(path, activations=[mish])
    x = np.ones((1, 2))
    assert np.array_equal(cr.forward(back, x).a[2], cr.forward(network, x).a[2])
    with pytest.raises(FileError, match=r"own activation 'mish'.*load\(path, activations=\[mish\]\)"):
        load(path)
    assert repr(load(path, mish)) == repr(network)  # one alone need not stand in a list
    for wrong in (["mish"], 3):
        with pytest.raises((SettingError, TypeError)):
            load(path, wrong)  # type: ignore[arg-type]


def test_the_same_network_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = save(labelled(), tmp_path / "1", {"a": 1}), save(labelled(), tmp_path / "2", {"a": 1})
    assert one.read_bytes() == other.read_bytes()


def test_notes_come_back(tmp_path: Path) -> None:
    notes = {"data": "größe\udcff.csv", "cost": ["huber", {"delta": 1.5}], "epochs": 3, "score": None}
    assert load_notes(save(labelled(), tmp_path / "m", notes)) == notes
    assert load_notes(save(labelled(), tmp_path / "m")) == {}


@pytest.mark.parametrize("notes", [{"a": np.zeros(2)}, {"a": {1, 2}}, {"a": object()}])
def test_notes_that_are_no_json_are_refused_before_anything_is_written(tmp_path: Path, notes: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="notes are a dictionary of texts, numbers"):
        save(labelled(), tmp_path / "m", notes)
    assert names(tmp_path) == []


def test_saving_over_a_file_replaces_it_and_a_failure_leaves_it(tmp_path: Path) -> None:
    path = save(cr.Network([[[1.0]]]), tmp_path / "m")
    save(labelled(), path)
    assert same_bits(load(path), labelled())
    with pytest.raises(FileError, match="no folder"):
        save(labelled(), tmp_path / "missing" / "m")
    assert names(tmp_path) == ["m"]


# files that are not as saved ----------------------------------------------------------------------------------------
def parts(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with safetensors.safe_open(path, "np") as opened:
        return json.loads(opened.metadata()["chainrule"]), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


# a network of numbers alone, of columns of any kind, without labels: a file may say so
ABSENT = {("preprocessing",), ("preprocessing", "columns"), ("preprocessing", "labels")}


def kind(value: Any) -> str:
    return "finite number" if type(value) is float and np.isfinite(value) else type(value).__name__


def test_a_header_with_a_value_of_another_kind_is_refused_wherever_it_is(tmp_path: Path) -> None:
    path = save(labelled(), tmp_path / "m")
    header, tensors = parts(path)
    tried = 0
    for at in places({key: value for key, value in header.items() if key not in ("tensors", "checksum")}):
        old = header
        for key in at:
            old = old[key]
        for value in (..., None, True, 7, -1.5, float("nan"), float("inf"), "x", [], [None], {}, {"a": 1}):
            allowed = (at in ABSENT and value is None) or (at == ("notes",) and isinstance(value, dict))
            allowed |= value == old and value in ({}, [])
            if allowed or (kind(value) == kind(old) in ("str", "finite number")):
                continue
            path.write_bytes(sealed(KEY, replaced(header, at, value), tensors))
            tried += 1
            with pytest.raises(FileError, match=r"is damaged|own activation|reads up to"):
                load_notes(path) if at[0] == "notes" else load(path)
    assert tried > 250


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "1", '"a"', '{"version": 1}', '{"version": NaN}', "[" * 100_000]
)
def test_a_header_that_is_no_header_of_ours_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m"
    path.write_bytes(safetensors.numpy.save({"w/1": np.ones((1, 1))}, {"chainrule": text}))
    with pytest.raises(FileError, match="is damaged"):
        load(path)


@pytest.mark.parametrize(("version", "reason"), [(3, "reads up to 2: upgrade"), (0, "damaged"), (-1, "damaged")])
def test_another_version_is_refused(tmp_path: Path, version: int, reason: str) -> None:
    path = save(labelled(), tmp_path / "m")
    header, tensors = parts(path)
    path.write_bytes(sealed(KEY, header | {"version": version}, tensors))
    with pytest.raises(FileError, match=reason):
        load(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("w/1", None),
        ("w/2", None),
        ("b/1", lambda b: b[:2]),
        ("b/1", lambda b: b[:0]),
        ("w/1", lambda w: w.T),
        ("w/1", lambda w: w * np.nan),
        ("b/2", lambda b: b + np.inf),
        ("w/1", lambda w: w.astype(np.float16)),
        ("w/1", lambda w: w.astype(np.float64)),
        ("b/2", lambda b: b.astype(np.int64)),
        ("w/3", lambda _: np.ones((2, 2), np.float32)),
        ("extra", lambda _: np.ones(2, np.float32)),
    ],
)
def test_tensors_other_than_those_of_the_network_are_refused(tmp_path: Path, name: str, change: Any) -> None:
    path = save(labelled(), tmp_path / "m")
    header, tensors = parts(path)
    changed = {key: value for key, value in tensors.items() if key != name}
    if change is not None:
        changed[name] = np.ascontiguousarray(change(tensors.get(name)))
    path.write_bytes(sealed(KEY, header, changed))
    with pytest.raises(FileError, match="is damaged"):
        load(path)


def test_labels_that_do_not_fit_the_outputs_are_refused(tmp_path: Path) -> None:
    path = save(labelled(), tmp_path / "m")
    header, tensors = parts(path)
    header["preprocessing"]["labels"] = ["a", "b", "c"]
    path.write_bytes(sealed(KEY, header, tensors))
    with pytest.raises(FileError, match=r"damaged.*2 outputs.*3 labels"):
        load(path)


def test_a_single_flipped_bit_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    """Of 1,500 flips in a file of the first version 308 loaded as another network. Here one in each byte of a file."""
    network = cr.Network([[[0.5]]], [[0.0]], "tanh")
    path = save(network, tmp_path / "m")
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8) if os.environ.get("CHAINRULE_PROOF") == "1" else [5 * place % 8]:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            try:
                back = load(path)
            except FileError:
                continue
            assert same_bits(network, back), (place, bit)  # an escape of JSON in capitals, say, changes nothing
            assert repr(network) == repr(back)


@pytest.mark.parametrize("name", ["b/1", "b/2", "w/1"])
@pytest.mark.parametrize("reader", [load, load_notes])
def test_a_file_without_one_of_its_tensors_is_refused(tmp_path: Path, name: str, reader: Any) -> None:
    """Without b/2 the first version loaded a network that has no biases there."""
    path = save(labelled(), tmp_path / "m")
    header, tensors = parts(path)
    del tensors[name]
    path.write_bytes(safetensors.numpy.save(tensors, {"chainrule": json.dumps(header)}))
    with pytest.raises(FileError, match=f"is damaged: it lacks {name}"):
        reader(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda header, tensors: header["notes"].update(epochs=4),
        lambda header, tensors: header["preprocessing"].update(target_name="x"),
        lambda header, tensors: header.pop("checksum"),
        lambda header, tensors: header.update(checksum=None),
        lambda header, tensors: tensors.update({"w/1": -tensors["w/1"]}),
        lambda header, tensors: tensors.update({"b/1": tensors["b/2"], "b/2": tensors["b/1"]}),
    ],
)
def test_what_was_edited_after_it_was_saved_is_refused(tmp_path: Path, change: Any) -> None:
    path = save(labelled(), tmp_path / "m", {"epochs": 3})
    header, tensors = parts(path)
    change(header, tensors)
    path.write_bytes(safetensors.numpy.save(tensors, {"chainrule": json.dumps(header)}))
    with pytest.raises(FileError, match="its checksum is not that of its content"):
        load(path)


def test_a_file_of_the_first_version_still_loads() -> None:
    """tests/saved/version-1.safetensors was written by chainrule 0.1, before files had a checksum."""
    path = Path(__file__).parent / "saved" / "version-1.safetensors"
    network = load(path)
    assert repr(network) == "Network(3-4-2, leaky_relu(alpha=0.1) → softmax, float32, 26 parameters)"
    assert network.preprocessing == Preprocessing(
        (Number("größe", 2.5, 1.1), Category("kind", ("hen", "日"))), ("no", "yes"), 0.5, "bought", (), ()
    )
    assert load_notes(path) == {"data": "hens.csv", "cost": ["cross_entropy", {}], "epochs": 3}
    answer = cr.forward(network, np.array([[0.5, 1, 0]], np.float32)).a[2]
    assert answer == pytest.approx(np.array([[0.8308353, 0.16916475]]), abs=1e-6)
    assert answer.dtype == np.float32


def test_notes_with_keys_that_json_makes_texts_of_come_back(tmp_path: Path) -> None:
    assert load_notes(save(labelled(), tmp_path / "m", {"a": {1: "x", "1": "y"}, 2: None})) == {
        "a": {"1": "y"},
        "2": None,
    }  # type: ignore[dict-item]


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    path = save(labelled(), tmp_path / "m")
    whole = path.read_bytes()
    for end in range(0, len(whole), 13):
        path.write_bytes(whole[:end])
        with pytest.raises(FileError, match="no safetensors file, or a damaged one"):
            load(path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m"
    for content, reason in (
        (b"PK\x03\x04 a zip, for all it says", "no safetensors file"),
        (safetensors.numpy.save({"model.embed": np.ones(3, np.float32)}), "did not write .it holds model.embed"),
        (safetensors.numpy.save({}), "it holds nothing"),
    ):
        path.write_bytes(content)
        for reader in (load, load_notes):
            with pytest.raises(FileError, match=reason):
                reader(path)


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "there is no file"), ("", "is a folder"), ("a" * 300, "too long")]
)
def test_paths_that_are_no_file_are_refused(tmp_path: Path, name: str, reason: str) -> None:
    for reader in (load, load_notes):
        with pytest.raises(FileError, match="(?i)" + reason):
            reader(tmp_path / name)


def scaled_tanh(scale: float, z: Any) -> Any:
    return scale * np.tanh(z)


def power_cost(power: int, a: Any, y: Any) -> Any:
    return (abs(a - y) ** power).sum(axis=1)


def test_another_activation_or_cost_of_the_saved_name_is_refused(tmp_path: Path) -> None:
    """Any activation of that name was taken, and the network predicted with it."""
    sigma, other = (cr.activation(partial(scaled_tanh, k), "mine") for k in (1.0, 1.001))
    cost, second = (cr.own_cost(partial(power_cost, p), "power") for p in (4, 3))
    network = cr.train(
        cr.Network.random([2, 3, 2], sigma), (np.ones((4, 2)), np.eye(2)[[0, 1, 1, 0]]), cost=cost
    ).network
    path = save(network, tmp_path / "m")
    assert repr(load(path, [sigma], [cost])) == repr(load(path, [sigma])) == repr(network)
    with pytest.raises(
        FileError, match=r"was saved with another activation mine: at 8 of 8 points .* in place of -0\.9999"
    ):
        load(path, [other])
    with pytest.raises(FileError, match=r"was saved with another cost power: at \d of 4 points"):
        load(path, [sigma], [second])
    two = cr.Network.random([2, 3, 2], sigma, other)
    with pytest.raises(SettingError, match="two activations of this network have the name 'mine'"):
        save(two, tmp_path / "two")
