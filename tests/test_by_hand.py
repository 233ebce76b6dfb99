"""Networks of one's own on the command line: as matrices in --weights, in a small JSON file, and in rows without names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Run

import chainrule as cr
import chainrule.cli.main
from chainrule.by_hand import matrices_in, network_of_texts, read_network
from chainrule.explanation.all_derivatives import all_derivatives
from chainrule.storage import load_notes

WEIGHTS = ("--weights", "0.5 -1; 1.5 0.3 | 1 -2", "--biases", "0.1 0 | 0.2", "--activation", "tanh,sigmoid")
EXAMPLE = ("--x", "0.6,-0.4", "--y", "1")
NETWORK = cr.Network([[[0.5, -1], [1.5, 0.3]], [[1, -2]]], [[0.1, 0], [0.2]], ["tanh", "sigmoid"])
LAYERS = [
    {"weights": [[0.5, -1], [1.5, 0.3]], "biases": [0.1, 0], "activation": "tanh"},
    {"weights": [[1, -2]], "biases": [0.2]},
]


def same(a: cr.Network, b: cr.Network) -> bool:
    """Whether two networks have the same numbers and activations."""
    flat = np.array_equal(a.parameters.flat(), b.parameters.flat())
    return flat and a.sizes == b.sizes and a.activations_text() == b.activations_text()


@pytest.mark.parametrize(
    "weights", [["0.5 -1; 1.5 0.3 | 1 -2"], ["0.5,-1;1.5,.3", "1 −2"], ["[0.5, -1; 1.5, 3e-1]|[1 -2]"],
     ["[[0.5, -1], [1.5, 0.3]]", "[[1, -2]]"], ["[[[0.5, -1], [1.5, 0.3]], [[1, -2]]]"]]
)  # fmt: skip
def test_matrices_are_written_as_in_a_book(weights: list[str]) -> None:
    assert same(network_of_texts(weights, ["0.1 0|.2"], "tanh, sigmoid"), NETWORK)


def test_lists_of_python_are_biases_by_layer_too() -> None:
    assert same(
        network_of_texts(["[[0.5, -1], [1.5, 0.3]] | [[1, -2]]"], ["[[0.1, 0], [0.2]]"], "tanh,sigmoid"), NETWORK
    )


@pytest.mark.parametrize(
    "text",
    ["0.5,-1\n1.5,0.3\n\n1,-2\n", "0.5;-1\r\n1.5;0.3\r\n;\r\n;\r\n1;-2\r\n", "\ufeff0.5\t-1\n1.5\t.3\n\n\n1\t-2"],
)
def test_a_csv_file_holds_weights_a_line_for_each_neuron_and_an_empty_one_between_layers(
    text: str, chainrule_: Run
) -> None:
    Path("w.csv").write_text(text, encoding="utf-8", newline="")
    assert same(network_of_texts([matrices_in(Path("w.csv"))], ["0.1 0 | 0.2"], "tanh,sigmoid"), NETWORK)
    for command in (("explain", "--by", "w/1/0/1"), ("why", "--by", "w/1/0/0"), ("quiz", "--answers", "?")):
        of_file = chainrule_(command[0], "w.csv", *WEIGHTS[2:], *EXAMPLE, *command[1:])
        assert of_file == chainrule_(command[0], *WEIGHTS, *EXAMPLE, *command[1:])


def test_a_csv_file_that_is_no_weights_says_where(chainrule_: Run) -> None:
    Path("w.csv").write_text("0.5,-1\n1.5,0.3\n\n1,two\n")
    _, _, err = chainrule_("explain", "w.csv", *EXAMPLE)
    assert "w.csv, layer 2: 'two' is not a finite number" in err
    Path("w.csv").write_text("0.5,-1\n1.5\n")
    _, _, err = chainrule_("explain", "w.csv", *EXAMPLE)
    assert "w.csv, layer 1: row 1 has 1 number and row 0 has 2" in err


def test_biases_are_zero_unless_given_and_may_be_shared_or_none() -> None:
    assert [b.tolist() for b in network_of_texts(["1 2; 3 4 | 1 1"]).biases] == [[0, 0], [0]]
    assert [b.tolist() for b in network_of_texts(["1 2; 3 4 | 1 1"], ["7", "none"]).biases] == [[7], []]
    assert [b.tolist() for b in network_of_texts(["1 2; 3 4 | 1 1"], ["none"]).biases] == [[], []]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((["0.5 -1; 1.5"],), r"--weights, layer 1: row 1 has 1 number and row 0 has 2 \('0.5 -1; 1.5'\)"),
        ((["1 2 | 1 x"],), r"--weights, layer 2: 'x' is not a finite number; write numbers with spaces, rows with ;"),
        (
            (["0,2 0,4; -0,3 0,8 | 0,7 -0,6"],),
            "--weights, layer 1: '0,2 0,4' has commas and spaces between its digits: write numbers with a point, as 0.2",
        ),
        ((["1 2; −0,3 1"],), "layer 1: '-0,3 1' has commas .*, as -0.3"),
        ((["1 inf"],), "--weights, layer 1: 'inf' is not a finite number"),
        ((["1 2 |"],), "--weights, layer 2: no numbers in ''"),
        (
            (["1 2; 3 4 | 1 2 3"],),
            "--weights, layer 2: a row of it has 3 numbers, and layer 1 has 2 neurons: write 2 numbers in each row",
        ),
        (
            (["1 2; 3 4 | 1; 2"],),
            "layer 2: a row of it has 1 number, .* one from each; turned, rows for columns, it fits",
        ),
        ((["1 2; 3 4 | 1 2"], ["1 2"]), '--biases has 1 layer and --weights 2: write a | between layers, as "0 0 | 0"'),
        ((["1 2; 3 4"], ["1 2 3"]), "--biases, layer 1: 3 numbers .* and the layer has 2 neurons"),
        ((["1 2"], (), "tanh,relu"), "--activation names 2 .* for 1 layer: name one for all, or one for each"),
        ((["1 2"], (), "tan"), "unknown activation 'tan': did you mean 'tanh'"),
    ],
)
def test_what_does_not_fit_is_said_with_its_layer(arguments: Any, says: str) -> None:
    with pytest.raises(cr.ChainruleError, match=says):
        network_of_texts(*arguments)


def test_one_weight_of_a_network_of_ones_own_is_explained_without_python(chainrule_: Run) -> None:
    code, out, _ = chainrule_("explain", *WEIGHTS, *EXAMPLE, "--by", "w/1/0/1")
    expected = cr.explain(NETWORK, [0.6, -0.4], [1.0], "w/1/0/1")
    assert code == 0
    assert out == f"the network 2-2-1, tanh → sigmoid, x = (0.6, −0.4), y = 1\n{expected}\n"


@pytest.mark.parametrize(
    "command",
    [("explain",), ("nudge",), ("why",), ("why", "--by", "w/1/0/0"), ("verify",), ("quiz", "--answers", "?"),
     ("show", "network", "--table"), ("show", "gradient_vector", "--rows", "1", "--table"), ("show",)],
)  # fmt: skip
def test_every_command_that_looks_takes_a_network_of_ones_own_in_options_or_in_json(
    command: tuple[str, ...], chainrule_: Run
) -> None:
    Path("net.json").write_text(json.dumps({"layers": LAYERS, "x": [0.6, -0.4], "y": 1}))
    written = chainrule_(*command, *WEIGHTS, *(EXAMPLE if command != ("show",) else ()))
    in_json = chainrule_(command[0], "net.json", *command[1:])
    assert written[0] == in_json[0] == 0, written[2] + in_json[2]
    assert "2-2-1" in written[1] or "0.600000" in written[1] or "w¹" in written[1]
    if command != ("show",):  # which lists the example of the file too
        said, of_json = (
            [line for line in out.splitlines() if not line.startswith("next")] for out in (written[1], in_json[1])
        )
        assert said == of_json


def test_explain_all_tables_every_derivative(chainrule_: Run) -> None:
    code, out, err = chainrule_("explain", "--all", *WEIGHTS, *EXAMPLE)
    expected = all_derivatives(NETWORK, [0.6, -0.4], [1.0])
    assert (code, out.partition("\n")[2]) == (0, f"{expected}\n"), err
    code, out, err = chainrule_("explain", "--all", *WEIGHTS, *EXAMPLE, "--json")
    assert json.loads(out)["layers"][0]["dC_dw"] == expected.gradient.weights[1].tolist(), err
    code, _, err = chainrule_("explain", "--all", *WEIGHTS, *EXAMPLE, "--by", "w/1/0/0")
    assert (code, "--all is every derivative of the cost: leave out --by" in err) == (2, True)


def test_latex_without_the_check_is_asked_for_with_an_option(chainrule_: Run) -> None:
    code, out, _ = chainrule_("explain", *WEIGHTS, *EXAMPLE, "--by", "b/2/0", "--format", "latex", "--no-check")
    assert (code, out) == (0, cr.explain(NETWORK, [0.6, -0.4], [1.0], "b/2/0").latex(check=False) + "\n")
    code, _, err = chainrule_("explain", "--no-check")
    assert (code, err) == (2, "error: --no-check goes with --format latex or --format html\n")


def test_one_number_is_a_class_with_a_softmax_output(chainrule_: Run) -> None:
    arguments = ("--weights", "0.2 0.4; -0.3 0.8; 0.7 -0.6", "--activation", "softmax", "--x", "1,2")
    code, out, err = chainrule_("explain", *arguments, "--y", "2", "--by", "b/1/0")
    assert (code, out.splitlines()[0]) == (0, "the network 2-3, softmax, x = (1, 2), y = class 2"), err
    one_hot = chainrule_("explain", *arguments, "--y", "0,0,1", "--by", "b/1/0")
    assert out.splitlines()[1:] == one_hot[1].splitlines()[1:]


def test_several_examples_stand_between_semicolons(chainrule_: Run) -> None:
    code, out, err = chainrule_("verify", *WEIGHTS, "--x", "0.6,-0.4; 1,2", "--y", "1; 0")
    assert (code, "2 rows" in out) == (0, True), err
    code, out, err = chainrule_(
        "explain", *WEIGHTS, "--x", "0.6,-0.4; 1,2", "--y", "1; 0", "--row", "1", "--by", "b/2/0"
    )
    assert str(cr.explain(NETWORK, [1, 2], [0.0], "b/2/0")) in out, err


def test_the_chain_and_a_trained_model_take_an_example_of_ones_own(chainrule_: Run) -> None:
    chain = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], cost="squared_error")
    _, out, err = chainrule_("explain", "--x", "0.3", "--y", "0")
    assert str(cr.explain(chain, [0.3], [0.0], "w/2/0/0", convention="s1")) in out, err
    assert "x = 0.3, y = 0" in out
    frame = {"length": [1.4, 4.7, 1.3, 4.5], "kind": ["a", "b", "a", "b"]}
    cr.save(
        cr.train(cr.Network.random([1, 2], output="softmax", dtype="float64"), frame, "kind").network, "m.safetensors"
    )
    code, out, err = chainrule_("explain", "m.safetensors", "--x", "4.6", "--y", "b", "--by", "b/1/1")
    assert code == 0, err
    assert str(cr.explain(cr.load("m.safetensors"), [4.6], [0, 1], "b/1/1")) in out
    code, _, err = chainrule_("explain", "m.safetensors", "--x", "4.6,1", "--y", "b")
    assert (code, err) == (2, "error: --x has 2 values, and the model was trained on 1 column: length\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("explain", *WEIGHTS), "an example is needed: --x with 2 numbers, as --x 0.6,-0.4, and --y"),
        (("explain", *WEIGHTS, "--x", "1,2"), "--x has no target, and a cost needs one: give it with --y"),
        (("explain", *WEIGHTS, "--x", "1,2,3", "--y", "1"), "--x has 3 numbers, and the network 2-2-1 takes 2 inputs"),
        (("explain", *WEIGHTS, "--x", "1,a", "--y", "1"), "--x: 'a' is not a number, and this network takes numbers"),
        (("explain", *WEIGHTS, "--x", "1,2;3", "--y", "1"), "--x: rows of 2, 1 values in '1,2;3'"),
        (
            ("explain", *WEIGHTS, "--x", "1,2", "--y", "1,0"),
            "error: --y has 2 numbers, the network 2-2-1 has 1 output: write one, as --y 0\n",
        ),
        (
            ("explain", "--weights", "0.2 0.4; -0.3 0.8; 0.7 -0.6", "--x", "1,2", "--y", "0"),
            "--y has 1 number, the network 2-3 has 3 outputs: write 3 numbers, as --y 0,0,0; layers are separated by |, "
            "rows of a layer by ;\n",
        ),
        (
            ("explain", "--weights", "1 2; 3 4 | 1 2; 3 4", "--x", "1,2", "--y", "0"),
            "--y has 1 number, the network 2-2-2 has 2 outputs: write 2 numbers, as --y 0,0\n",
        ),
        (
            ("explain", "--weights", "1 2; 3 4", "--activation", "softmax", "--x", "1,2", "--y", "0,0,1"),
            "write 2 numbers, as --y 0,0, or one class 0…1; layers are",
        ),
        (
            ("explain", *WEIGHTS, "--x", "1,2", "--y", "cat"),
            "error: --y is a number for each output of the network 2-2-1, as --y 0, got 'cat'\n",
        ),
        (("explain", *WEIGHTS, "--x", "1,2", "--y", "nan"), "--y is a number for each output of the network 2-2-1"),
        (("explain", *WEIGHTS, "--x", "1,nan", "--y", "1"), "--x: nan is not a finite number"),
        (("explain", *WEIGHTS, "--x", "0,5 0,3", "--y", "1"), "--x: '0,5 0,3' has commas and spaces"),
        (
            ("explain", *WEIGHTS, "--x", "1,2", "--y", "1;0"),
            "--x has 1 row and --y 2: one target for each example, with ; between",
        ),
        (("explain", *WEIGHTS, "--y", "1"), "--y is the target of --x: give both"),
        (("explain", "--biases", "1"), "--biases goes with --weights: chainrule explain --weights"),
        (("explain", "net.json", *WEIGHTS), "MODEL net.json and --weights each give a network: leave one of them out"),
        (("explain", *WEIGHTS, "--x", "1,2", "--data", "d.csv"), "--x and --data each give the example"),
        (("show",), "show takes a model's file, or the name of a figure"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_one_line(arguments: tuple[str, ...], says: str, chainrule_: Run) -> None:
    code, _, err = chainrule_(*arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert says in err


def test_a_json_file_holds_a_network_and_its_examples(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"layers": LAYERS, "cost": "squared_error", "x": [[0.6, -0.4], [1, 2]], "y": [1, 0]}))
    assert same(cr.load(path), NETWORK)
    assert cr.load(path).cost.name == "squared_error"
    assert load_notes(path) == {"x": [[0.6, -0.4], [1, 2]], "y": [1, 0]}
    path.write_text(json.dumps({"layers": [{"weights": [[1, 2]], "biases": None}]}))
    network, notes = read_network(path)
    assert (network.biases[1].size, notes) == (0, {})


def test_the_network_in_the_documentation_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "own_network.md").read_text(encoding="utf-8")
    (tmp_path / "net.json").write_text(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    assert same(cr.load(tmp_path / "net.json"), NETWORK)
    assert load_notes(tmp_path / "net.json") == {"x": [[0.6, -0.4]], "y": [1]}


def test_a_json_file_may_name_ones_own_activation(tmp_path: Path) -> None:
    mish = cr.activation(lambda z, m: z * m.tanh(m.softplus(z)), "mish")
    (tmp_path / "net.json").write_text(json.dumps({"layers": [{"weights": [[1]], "activation": "mish"}]}))
    assert cr.load(tmp_path / "net.json", activations=[mish]).output is mish


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1]", "is not a network: it holds a list; needed is"),
        ('{"weights": []}', "is not a network: it has no layers"),
        ('{"layers": [', "line 1: Expecting value"),
        ('{"layers": []}', "layers is a list with an object for each layer"),
        ('{"layers": [[1]]}', r"layer 1 is an object with weights, .* got \[1\]"),
        ('{"layers": [{"weights": [[1, 2], [3]]}]}', r"layer 1, weights: rows of different lengths"),
        ('{"layers": [{"weights": [1, 2]}]}', r"layer 1, weights: got \[1, 2\]; needed are rows of numbers"),
        ('{"layers": [{"weights": [[1, "a"]]}]}', r"layer 1, weights: got \[\[1, 'a'\]\]; needed are rows of numbers"),
        ('{"layers": [{"weights": [[1]]}, {"weights": [[1, 2]]}]}', "layer 2: its weights .* take 2 inputs"),
        ('{"layers": [{"weights": [[1]], "biases": [1, 2]}]}', r"layer 1: its biases have the shape \(2,\)"),
        ('{"layers": [{"weights": [[1]], "bias": [1]}]}', "unknown key 'bias': did you mean 'biases'"),
        ('{"layers": [{"weights": [[1]]}], "x": [1, 2]}', "x has 2 numbers, and the network 1-1 takes 1 input"),
        ('{"layers": [{"weights": [[1]]}], "x": [1], "y": [1, 2]}', "y has 2 numbers, the network 1-1 has 1 output"),
        (
            '{"layers": [{"weights": [[1], [2]]}], "x": [1], "y": 1}',
            r"y has 1 number, .* 2 outputs: write 2 numbers, as \[0, 0\]$",
        ),
        ('{"layers": [{"weights": [[1]]}], "x": [1], "y": null}', "y is a number for each output"),
        ('{"layers": [{"weights": [[1]]}], "y": [1]}', "there is a y and no x"),
        ('{"layers": [{"weights": [[1]]}], "cost": "quadratc"}', "unknown cost 'quadratc'"),
    ],
)
def test_a_json_file_that_is_no_network_says_where(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(text)
    with pytest.raises(cr.FileError, match=says):
        read_network(tmp_path / "net.json")


@pytest.mark.parametrize(
    "rows", ["x0,x1,y\n0.6,-0.4,1\n1,2,0\n", "y,first,second\n1,0.6,-0.4\n0,1,2\n", "0.6,-0.4,1\n1,2,0\n"]
)
def test_a_model_saved_without_names_takes_plain_columns_of_x_and_y(rows: str, chainrule_: Run) -> None:
    cr.save(NETWORK, "net.safetensors")
    Path("d.csv").write_text(rows)
    code, out, err = chainrule_("explain", "net.safetensors", "--data", "d.csv", "--by", "w/1/0/0")
    assert str(cr.explain(NETWORK, [0.6, -0.4], [1.0], "w/1/0/0")) in out, err
    code, out, err = chainrule_("predict", "net.safetensors", "d.csv")
    assert (code, len(out.splitlines())) == (0, 2)
    assert f"R² {cr.score(NETWORK, [[0.6, -0.4], [1, 2]], [1.0, 0.0]):.4f}".replace("-", "−") in err.replace("-", "−")


def test_several_outputs_take_as_many_columns_behind_the_inputs(chainrule_: Run) -> None:
    network = cr.Network([[[0.5, -1], [1.5, 0.3]]], [[0.1, 0]], "tanh")
    cr.save(network, "net.safetensors")
    Path("d.csv").write_text("a,b,c,d\n0.6,-0.4,1,0.5\n")
    _, out, err = chainrule_("explain", "net.safetensors", "--data", "d.csv", "--by", "w/1/0/0")
    assert str(cr.explain(network, [0.6, -0.4], [1, 0.5], "w/1/0/0")) in out, err
    Path("d.csv").write_text("a,b,c,d,e\n0.6,-0.4,1,0.5,2\n")
    code, _, err = chainrule_("explain", "net.safetensors", "--data", "d.csv")
    assert code == 2
    assert "d.csv has 5 columns (a, b, c, d, e), and the network 2-2 takes 2 columns of inputs" in err
    assert "2 or 3 or 4 in all" in err
