"""The explorer's page: one file that asks for nothing, what it says of bad input, and in a browser that it follows a drag."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import webbrowser
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import Driven, driven
from command import Run

import chainrule as cr
from chainrule import files
from chainrule.explorer import contents
from chainrule.explorer.bundle import BundleError, Module, bundle, shipped
from chainrule.names import printable

HOSTILE = ["<script>alert(1)</script>", "]]>", "\"'&amp;", "\u202eabc", "\x1b[31mred", "</script><!--", "é漢🎲"]
CHAIN = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid", cost="squared_error")
SMALL = cr.Network(
    [[[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9]], [[1.0, -2.0, 0.4], [0.6, 0.8, -1.1]]],
    [[0.1, 0.0, -0.2], [0.2, -0.1]],
    ["tanh", "sigmoid"],
    cost="squared_error",
)


def chain_page(**settings: Any) -> cr.Explorer:
    return cr.explore(CHAIN, [0.6], [1.0], **{"by": "w/2/0/0", "convention": "3blue1brown", **settings})


def small_page(**settings: Any) -> cr.Explorer:
    return cr.explore(SMALL, [0.6, -0.4], [1.0, 0.0], **{"by": "w/2/0/1", **settings})


@pytest.fixture(scope="module")
def digits() -> cr.Explorer:
    """64-128-10 on some of the digits, untrained."""
    data = cr.load_data("digits")
    network = cr.Network.random([64, 128, 10], "relu", "softmax", seed=1)
    return cr.explore(network, data.inputs[:300], data.targets[:300], row=7)


class Parts(HTMLParser):
    """The elements of a page with their attributes, the text of each script and style, and the text that is shown."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")
        elif tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside == "style":
            self.styles[-1] += data


def known(page: cr.Explorer) -> dict[str, Any]:
    """What a page knows, read out of it."""
    found: dict[str, Any] = json.loads(Parts(page.html).scripts[0])
    return found


def numbers(text: str) -> np.ndarray:
    kind, data, *places = text.split(":")
    found = np.frombuffer(base64.b64decode(data), f"<{kind}")
    wide = "<u2" if len(found) > 256 else "<u1"
    return found[np.frombuffer(base64.b64decode(places[0]), wide)] if places else found


# one file ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", [chain_page(), small_page()], ids=["chain", "small"])
def test_a_page_is_one_file_that_asks_for_nothing(page: cr.Explorer) -> None:
    parts = Parts(page.html)
    for tag, attributes in parts.elements:
        assert not {"style", "href", "onclick", "onload"} & set(attributes), tag
        assert attributes.get("src") is None or str(attributes["src"]).startswith("data:"), tag
    assert len(parts.scripts) == 2  # what it knows, and what it does
    assert len(parts.styles) == 1
    plain = re.sub(
        r"http://www\.w3\.org/(2000/svg|1998/Math/MathML)", "", page.html
    )  # names of languages, no addresses
    assert "http" not in re.sub(r"http-equiv", "", plain)
    assert "url(" not in parts.styles[0]
    assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write", parts.scripts[1])


def test_its_policy_allows_its_own_script_and_style_alone() -> None:
    parts = Parts(small_page().html)
    (policy,) = [each["content"] for tag, each in parts.elements if each.get("http-equiv") == "Content-Security-Policy"]
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (parts.scripts[1], parts.styles[0])
    ]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}'; style-src 'sha256-{digests[1]}'; img-src data: blob:; "
        "font-src data:; base-uri 'none'; form-action 'none'"
    )
    before = parts.elements[: [tag for tag, _ in parts.elements].index("style")]
    assert any(
        each.get("http-equiv") == "Content-Security-Policy" for _, each in before
    )  # it holds for what comes behind it


def test_a_page_knows_the_network_to_the_last_bit() -> None:
    data = known(small_page(title="two, three, two"))
    assert data["title"] == "two, three, two"
    assert data["network"]["sizes"] == [2, 3, 2]
    assert data["network"]["biases"] == ["neuron", "neuron"]
    assert np.array_equal(numbers(data["theta"]), SMALL.parameters.flat())
    assert np.array_equal(numbers(data["rows"]["x"]), [0.6, -0.4])
    assert np.array_equal(numbers(data["rows"]["y"]), [1.0, 0.0])
    assert data["start"] == {"id": "w/2/0/1", "convention": "nielsen"}
    assert [each["name"] for each in data["conventions"]] == [
        "nielsen",
        "article",
        "3blue1brown",
        "3h4",
    ]  # none without σ


def test_numbers_take_half_the_room_where_float32_holds_them() -> None:
    values = np.array([0.1, 2.0])
    assert contents.encoded(values).startswith("f8:")
    assert contents.encoded(values.astype(np.float32).astype(float)).startswith("f4:")
    assert np.array_equal(numbers(contents.encoded(values)), values)
    huge = np.array([1e300])
    assert np.array_equal(numbers(contents.encoded(huge)), huge)


def test_the_page_says_that_a_float32_network_is_computed_in_float64() -> None:
    assert known(small_page())["network"]["dtype"] == "float64"
    assert known(cr.explore(SMALL.astype("float32"), [0.6, -0.4], [1.0, 0.0]))["network"]["dtype"] == "float32"


def test_biases_by_layer_or_none_are_said() -> None:
    network = cr.Network.random([3, 4, 4, 2], "tanh", bias=["layer", "none", "neuron"], seed=2)
    data = known(cr.explore(network, [0.1, 0.2, 0.3], [1.0, 0.0]))
    assert data["network"]["biases"] == ["layer", "none", "neuron"]
    assert len(numbers(data["theta"])) == network.parameters.size


@pytest.mark.parametrize(("page", "most"), [(chain_page, 350_000), (small_page, 350_000)], ids=["chain", "small"])
def test_pages_of_small_networks_are_small(page: Any, most: int) -> None:
    assert 20_000 < len(page().html.encode()) < most


def test_the_page_of_the_digits_is_small(digits: cr.Explorer) -> None:
    size = len(digits.html.encode())
    weights = len(known(digits)["theta"])
    assert weights == 3 + 4 * -(-4 * 9610 // 3)
    assert size < 520_000


# rows --------------------------------------------------------------------------------------------------------------------
def test_of_many_rows_the_chosen_one_the_first_ones_and_the_most_wrong_are_kept(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(900, 2)), rng.random((900, 2))
    y[700] = [50.0, 50.0]
    rows = known(cr.explore(SMALL, x, y, row=555))["rows"]
    assert len(rows["numbers"]) == rows["count"] == contents.MOST_ROWS
    assert {555, 700, 0, 1} <= set(rows["numbers"])
    assert rows["numbers"] == sorted(rows["numbers"])
    assert rows["numbers"][rows["chosen"]] == 555
    assert np.array_equal(numbers(rows["x"]).reshape(-1, 2)[rows["chosen"]], x[555])


def test_rows_keep_the_numbers_that_they_have_elsewhere(rng: np.random.Generator) -> None:
    page = cr.explore(SMALL, rng.normal(size=(3, 2)), rng.random((3, 2)), row=2, numbers=[10, 20, 30])
    assert known(page)["rows"]["numbers"] == [10, 20, 30]
    with pytest.raises(cr.ShapeError, match="3 rows and 2 numbers"):
        cr.explore(SMALL, rng.normal(size=(3, 2)), rng.random((3, 2)), numbers=[10, 20])


def test_64_inputs_are_a_picture(digits: cr.Explorer) -> None:
    assert known(digits)["rows"]["picture"] == [8, 8]
    assert known(small_page())["rows"]["picture"] is None


def test_snapshots_are_networks_by_epoch() -> None:
    page = small_page(snapshots={0: SMALL, 5: SMALL.with_value("w/1/0/0", 0.75)})
    found = known(page)["snapshots"]
    assert [each["epoch"] for each in found] == [0, 5]
    assert found[0]["theta"] is None  # of the network itself
    assert numbers(found[1]["theta"])[0] == 0.75
    with pytest.raises(cr.SettingError, match="snapshots are networks by epoch"):
        small_page(snapshots=[SMALL])
    with pytest.raises(cr.ShapeError, match="epoch 3 is a network 1-1-1-1, and the page is about 2-3-2"):
        small_page(snapshots={3: CHAIN})


# names ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    terms = cr.Preprocessing.fit([name, "other"], np.array([[0.0, 1.0], [1.0, 0.0]]), np.array(["no", name]))
    network = cr.Network(list(SMALL.weights), list(SMALL.biases), ["tanh", "softmax"], preprocessing=terms)
    page = cr.explore(network, [0.6, -0.4], [1.0, 0.0], title=name)
    parts = Parts(page.html)
    assert [tag for tag, _ in parts.elements].count("script") == 2
    data = json.loads(parts.scripts[0])
    shown = printable(name)
    assert data["title"] == shown
    assert shown in data["rows"]["inputNames"]
    assert shown in data["rows"]["classNames"]
    assert "<" not in parts.scripts[0]
    assert f"<title>{html.escape(shown)}</title>" in page.html


# files and notebooks -------------------------------------------------------------------------------------------------------
def test_save_writes_the_page_whole_or_not_at_all(tmp_path: Path) -> None:
    page = small_page()
    file = tmp_path / "page.html"
    assert page.save(file) == file
    assert file.read_text(encoding="utf-8") == page.html
    with pytest.raises(cr.FileError, match=r"ends in \.html"):
        page.save(tmp_path / "page.txt")
    with pytest.raises(cr.FileError, match="there is no folder"):
        page.save(tmp_path / "none" / "page.html")
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_open_hands_a_file_to_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", asked.append)
    file = small_page().open()
    assert asked == [file.as_uri()]
    assert file.read_text(encoding="utf-8") == small_page().html


def test_a_notebook_shows_it_in_a_frame_with_a_figure_below() -> None:
    page = small_page(title='a <b> & "c"')
    cell = page._repr_html_()
    (frame,) = [attributes for tag, attributes in Parts(cell).elements if tag == "iframe"]
    assert frame["sandbox"] == "allow-scripts allow-downloads"
    assert frame["srcdoc"] == page.html
    assert frame["title"] == 'a <b> & "c"'
    assert "<details><summary>the network as a figure</summary><svg" in cell


def test_without_scripts_there_is_the_figure_and_an_old_browser_finds_a_sentence() -> None:
    page = small_page().html
    without = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert without is not None
    (image,) = [attributes for tag, attributes in Parts(without[1]).elements if tag == "img"]
    assert str(image["src"]).startswith("data:image/svg+xml,<svg xmlns=")
    parsed = ElementTree.fromstring(unquote(str(image["src"]).partition(",")[2]))
    assert len(list(parsed.iter())) > 20
    assert "This page needs a browser of" in page.split("<noscript>")[0]


# bad input -----------------------------------------------------------------------------------------------------------------
def test_a_network_that_is_too_large_says_what_draws_it() -> None:
    large = cr.Network.random([1000, 1000, 2], "relu", dtype="float32")
    with pytest.raises(
        cr.SettingError, match="1,003,002 weights and biases, and a page holds at most 1,000,000"
    ) as error:
        cr.explore(large, np.zeros(1000), [1.0, 0.0])
    assert "cr.figure('network', network, x, y), draws its strongest neurons" in str(error.value)


def test_too_many_snapshots_say_how_many_fit() -> None:
    network = cr.Network.random([300, 1000, 2], "relu", dtype="float32")
    with pytest.raises(cr.SettingError, match="give at most 2"):
        cr.explore(network, np.zeros(300), [1.0, 0.0], snapshots=dict.fromkeys(range(12), network))


@pytest.mark.parametrize("row", [-1, 3, 1.0, True, "0"])
def test_a_row_that_is_not_there_is_an_error(row: Any, rng: np.random.Generator) -> None:
    with pytest.raises(cr.DataError, match=r"the rows are 0…2; take one of them"):
        cr.explore(SMALL, rng.normal(size=(3, 2)), rng.random((3, 2)), row=row)


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(cr.ShapeError, match="takes x of shape"):
        cr.explore(SMALL, [0.6], [1.0, 0.0])
    with pytest.raises(cr.DataError, match="inputs are finite"):
        cr.explore(SMALL, [np.nan, 1.0], [1.0, 0.0])
    with pytest.raises(cr.PairError, match="cross_entropy needs an output of softmax"):
        cr.explore(SMALL, [0.6, -0.4], [1.0, 0.0], "cross_entropy")
    with pytest.raises(cr.PairError, match="applies no activation on the last layer"):
        small_page(convention="cs231n")
    with pytest.raises(cr.UnknownNameError, match="unknown convention"):
        small_page(convention="euler")
    with pytest.raises(cr.IdError, match="there is no layer 9"):
        small_page(by="w/9/0/0")
    with pytest.raises(cr.IdError, match="is not an id"):
        small_page(by="dC")
    with pytest.raises(cr.SettingError, match="the title of a page is a text"):
        small_page(title=3)
    with pytest.raises(cr.SettingError, match="the first argument is a Network"):
        cr.explore("runs/digits.safetensors", [0.6], [1.0])  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_network_of_a_page_or_of_its_training_has_weights_that_are_no_numbers(bad: float) -> None:
    spoilt = SMALL.parameters.flat()
    spoilt[3] = bad
    with pytest.raises(cr.DataError, match=r"the weights of layer 1 hold (nan|inf): finite numbers are needed"):
        SMALL.with_parameters(SMALL.parameters.like(spoilt))
    with pytest.raises((ValueError, cr.DataError)):
        SMALL.weights[1][0, 0] = bad  # nor later


def test_no_rows_are_an_error() -> None:
    with pytest.raises(cr.DataError, match="x holds no rows"):
        cr.explore(SMALL, np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(cr.ShapeError, match="3 rows and 2 outputs need targets of shape"):
        cr.explore(SMALL, np.zeros((3, 2)), np.zeros((2, 2)))


def test_a_page_that_is_interrupted_while_it_is_written_leaves_the_one_before(
    chainrule_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(stream: Any) -> None:
        raise KeyboardInterrupt

    assert chainrule_("explore", "-o", "page.html")[0] == 0
    before = Path("page.html").read_bytes()
    monkeypatch.setattr(files, "_written", stopped)
    code, _, err = chainrule_("explore", "-o", "page.html", "--title", "another")
    assert code == 130
    assert err.count("\n") <= 1
    assert Path("page.html").read_bytes() == before
    assert [each.name for each in Path().iterdir()] == ["page.html"]


def test_an_overflow_is_an_error() -> None:
    network = cr.Network([[[1e200]], [[1e200]]], [[0.0], [0.0]], "identity")
    with pytest.raises(cr.DataError, match="z of layer 2 overflows on this example"):
        cr.explore(network, [1.0], [1.0])


def test_an_activation_of_ones_own_that_cannot_be_traced_is_named() -> None:
    odd = cr.activation(lambda z: np.tanh(z) if np.all(z < 1e9) else z, "odd")
    network = cr.Network(list(CHAIN.weights), list(CHAIN.biases), odd)
    with pytest.raises(cr.FormError, match=r"the activation 'odd' cannot be part of a page: its form calls np\.all"):
        cr.explore(network, [0.6], [1.0])


# the bundle ----------------------------------------------------------------------------------------------------------------
def test_a_bundle_is_in_the_order_of_imports() -> None:
    modules = {
        "main.js": "// main\nimport { b } from './views/b.js';\nimport {\n  a,\n} from './a.js';\nb(a);\n",
        "views/b.js": "import { a } from '../a.js';\nexport function b(x) {\n  return x + a;\n}\n",
        "a.js": "export const a = 1;\n",
        "unused.js": "export const a = 2;\n",
    }
    assert bundle(modules) == ("const a = 1;\n\nfunction b(x) {\n  return x + a;\n}\n\n// main\nb(a);\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import { c } from './a.js';\n", "main.js imports c from a.js, which does not export it"),
        ("import { hidden } from './a.js';\n", "main.js imports hidden from a.js, which does not export it"),
        ("import { a } from './nowhere.js';\n", "main.js imports nowhere.js, and there is no such module"),
        ("import { a } from './a.js';\nconst hidden = 1;\n", "hidden is declared in a.js and again in main.js: rename"),
        (
            "import { a } from './a.js';\nconst { exp, hidden } = Math;\n",
            "hidden is declared in a.js and again in main.js",
        ),
        ("import { a } from './main.js';\n", "modules import each other: main.js → main.js"),
        ("import * as all from './a.js';\n", "cannot be bundled"),
        ("import all from './a.js';\n", "cannot be bundled"),
        ("export default 3;\n", "cannot be bundled"),
        ("export { a } from './a.js';\n", "cannot be bundled"),
        ("const end = '</script>';\n", "'</script', which would end the script"),
    ],
)
def test_a_bundle_refuses_what_would_break_in_the_page(text: str, says: str) -> None:
    with pytest.raises(BundleError) as error:
        bundle({"main.js": text, "a.js": "export const a = 1;\nconst hidden = 2;\n"})
    assert says in str(error.value)


def test_the_modules_are_plain() -> None:
    for name, text in shipped().items():
        assert text.startswith("// "), f"{name} begins with what it is"
        assert not [line for line in text.splitlines() if len(line) > 128], name
        assert "\t" not in text, name


def test_a_module_imports_what_it_calls_of_another() -> None:
    """In one script every name is known everywhere; a module by itself knows its own names and those that it imports."""
    modules = [Module(name, text) for name, text in shipped().items()]
    exported = set().union(*(each.exports for each in modules))
    for each in modules:
        called = set(re.findall(r"(?<![.\w$])([\w$]+)\(", re.sub(r"//.*|'[^'\n]*'", "", each.text)))
        known = {*re.findall(r"(?:function\*?|const|let) ([\w$]+)", each.text), *each.declared}
        known |= {called for _, names in each.imports for _, called in names}
        given = {name for name in called & exported if re.search(rf"[({{,] ?{name}[,)}} ]", each.text)}  # to a function
        assert (called & exported) <= known | given, each.name


# the command ---------------------------------------------------------------------------------------------------------------
def test_the_command_writes_the_worked_example(chainrule_: Run) -> None:
    code, out, err = chainrule_("explore")
    assert (code, out, err) == (0, "", "wrote chain-explorer.html\n")
    assert chainrule_("explore")[2] == "wrote chain-explorer.html, over the one before\n"
    data = json.loads(Parts(Path("chain-explorer.html").read_text(encoding="utf-8")).scripts[0])
    assert data["start"] == {"id": "w/2/0/0", "convention": "3blue1brown"}


def test_the_command_writes_a_row_of_a_model_with_its_record(chainrule_: Run) -> None:
    assert chainrule_("train", "iris", "--epochs", "3", "--quiet", "-o", "m.safetensors")[0] == 0
    network = cr.load("m.safetensors")
    cr.save_record({0: network, 3: network}, "r.safetensors")
    asked = ["explore", "m.safetensors", "--row", "120", "--record", "r.safetensors", "-o", "p.html", "--by", "b/1/0"]
    assert chainrule_(*asked) == (0, "", "wrote p.html\n")
    data = json.loads(Parts(Path("p.html").read_text(encoding="utf-8")).scripts[0])
    rows = data["rows"]
    assert rows["numbers"] == list(range(150))
    assert rows["chosen"] == 120
    assert rows["classNames"] == ["setosa", "versicolor", "virginica"]
    assert [each["epoch"] for each in data["snapshots"]] == [0, 3]
    assert data["title"] == "m.safetensors"
    assert data["start"]["id"] == "b/1/0"


def test_a_row_keeps_its_number_where_others_have_no_target(chainrule_: Run) -> None:
    Path("t.csv").write_text("a,b,y\n1,2,3\n2,3,\n3,4,5\n4,1,7\n")
    cr.save(cr.Network.random([2, 3, 1], seed=1), "m.safetensors")
    assert chainrule_("explore", "m.safetensors", "--data", "t.csv", "--row", "2")[0] == 0
    data = json.loads(Parts(Path("m-explorer.html").read_text(encoding="utf-8")).scripts[0])
    assert data["rows"]["numbers"] == [0, 2, 3]
    assert data["rows"]["chosen"] == 1
    assert chainrule_("explore", "m.safetensors", "--data", "t.csv", "--row", "1")[2].startswith(
        "error: row 1 of t.csv has no y"
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("explore none.safetensors", "there is no file none.safetensors"),
        ("explore w/2/0/0", "a weight or a bias is named with --by: chainrule explore --by w/2/0/0"),
        ("explore --row 3", "--data and --row go with a model: chainrule explore MODEL --data FILE --row 3"),
        ("explore own.json --row 7", "--row 7: own.json has the rows 0…0; take one of them, as --row 0"),
        ("explore nan.json", "nan"),
        ("explore -o page.txt", "the page is written into a file that ends in .html, as page.html"),
        ("explore -o none/page.html", "make it first"),
        ("explore -o own.json/page.html", "there is no folder"),
        ("explore -o .", "it is a folder; name a file in it"),
        ("explore own.json --x 1,nan --y 1", "nan is not a finite number"),
        ("explore own.json --x 1 --y 1", "--x has 1 number, and the network 2-1 takes 2 inputs"),
        ("explore own.json --x , --y 1", "--x"),
        ("explore --record own.json", "own.json"),
        ("explore --convention euler", "unknown convention 'euler'"),
        ("explore --convention cs231n", "applies no activation on the last layer"),
        ("explore --cost cross_entropy", "needs an output of softmax"),
        ("explore --by w/7/0/0", "there is no layer 7"),
        ("explore own.json -o own.json", "own.json"),
    ],
)
def test_what_is_wrong_is_one_line(chainrule_: Run, line: str, says: str) -> None:
    own = {"layers": [{"weights": [[0.5, -1]], "biases": [0.1], "activation": "tanh"}], "x": [[0.6, -0.4]], "y": [[1]]}
    Path("own.json").write_text(json.dumps(own))
    Path("nan.json").write_text(json.dumps(own).replace("0.5", "NaN"))
    code, out, err = chainrule_(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert says.lower() in err.lower()
    assert not list(Path().glob("*.html"))


# in a browser --------------------------------------------------------------------------------------------------------------
COST = "document.querySelector('.cost').textContent"


def shown_cost(page: Driven) -> float:
    return float(page.text(".cost").split()[-1].replace("−", "-"))


def dragged(page: Driven, by: float) -> None:
    x, y = page.middle(".handle .grip")
    page.drag((x, y), (x + by / 2, y + 3), (x + by, y))


@pytest.mark.needs("chromium")
def test_in_a_browser_a_drag_moves_everything(tmp_path: Path) -> None:
    """From a file: no request, nothing on the console; C, the curve's spot and the formula follow; the address knows it."""
    file = small_page().save(tmp_path / "page.html")
    with driven(file.as_uri(), tmp_path) as page:
        assert shown_cost(page) == pytest.approx(cr.cost(SMALL, [0.6, -0.4], [1.0, 0.0]), rel=1e-5)
        formula, spot = (
            page.text(".formula"),
            page.evaluate("document.querySelector('.curve .spot').getAttribute('cx')"),
        )
        curve = page.evaluate("document.querySelector('path.curve').getAttribute('d')")
        dragged(page, 60)
        weight = float(page.evaluate("document.querySelector('.handle').getAttribute('aria-valuenow')"))
        assert weight > -2.0
        moved = SMALL.with_value("w/2/0/1", weight)
        assert shown_cost(page) == pytest.approx(cr.cost(moved, [0.6, -0.4], [1.0, 0.0]), rel=1e-5)
        assert page.text(".formula") != formula
        assert page.evaluate("document.querySelector('.curve .spot').getAttribute('cx')") != spot
        assert page.evaluate("document.querySelector('path.curve').getAttribute('d')") == curve  # on scales that stay
        address = page.evaluate("location.hash")
        assert address == f"#moved=w/2/0/1:{weight!r}".replace(":", "%3A")
        before = page.text(".cost")
        page.go("about:blank")
        page.go(f"{file.as_uri()}{address}")
        assert page.text(".cost") == before
        assert page.errors == []
        assert {each for each in page.requests if each != "about:blank"} <= {file.as_uri(), f"{file.as_uri()}{address}"}


@pytest.mark.needs("chromium")
def test_in_a_browser_a_click_selects_the_nearest_edge_and_keys_move_it(tmp_path: Path) -> None:
    file = small_page().save(tmp_path / "page.html")
    with driven(file.as_uri(), tmp_path) as page:
        x, y = page.middle('[data-id="w/1/2/0"] .stroke')
        page.click(x, y)
        assert page.evaluate("document.querySelector('.edge.chosen').dataset.id") == "w/1/2/0"
        assert page.evaluate("location.hash") == "#id=w/1/2/0"
        page.evaluate("document.querySelector('.handle').focus()")
        page.press("ArrowRight")
        assert shown_cost(page) != pytest.approx(cr.cost(SMALL, [0.6, -0.4], [1.0, 0.0]), rel=1e-5)
        assert page.evaluate("document.activeElement.getAttribute('role')") == "slider"  # it stays where it was
        page.evaluate("""document.querySelector('[data-id="z/1/1"]').focus()""")
        page.press("Enter")
        assert page.evaluate("document.querySelector('.node.chosen').dataset.id") == "z/1/1"
        handle = page.evaluate("document.querySelector('.handle').dataset.act")
        assert handle == "demon"  # a z cannot be set, it is tried
        assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_an_input_moves_too_and_all_is_undone(tmp_path: Path) -> None:
    """A weight and an input are moved, then neither; the convention changes letters and leaves every number (S2.10)."""
    file = small_page().save(tmp_path / "page.html")
    with driven(file.as_uri(), tmp_path) as page:
        before = page.text(".cost")
        dragged(page, -40)
        weight = float(page.evaluate("document.querySelector('.handle').getAttribute('aria-valuenow')"))
        page.click(*page.middle('[data-id="x/1"] .fill'))
        dragged(page, 50)
        given = float(page.evaluate("document.querySelector('.handle').getAttribute('aria-valuenow')"))
        moved = cr.cost(SMALL.with_value("w/2/0/1", weight), [0.6, given], [1.0, 0.0])
        assert shown_cost(page) == pytest.approx(moved, rel=1e-5)
        page.click(*page.middle('[data-act="reset"]'))
        assert page.text(".cost") == before
        assert page.evaluate("location.hash") == "#id=x/1"
        value = page.text(".formula .value")
        choose = "Object.assign(document.querySelector('[data-act=convention]'), { value: 'article' })"
        page.evaluate(f"{choose}.dispatchEvent(new Event('change', {{ bubbles: true }}))")
        page.settle()
        assert page.text(".cost") == before.replace("C", "c")
        assert page.text(".formula .value") == value
        assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_the_digits_are_a_picture_pulls_and_outputs(digits: cr.Explorer, tmp_path: Path) -> None:
    file = digits.save(tmp_path / "page.html")
    with driven(file.as_uri(), tmp_path) as page:
        assert page.evaluate("document.querySelectorAll('.pull').length") == 128
        assert page.evaluate("document.querySelectorAll('.output').length") == 10
        assert page.evaluate("document.querySelectorAll('.cells .cell.ink').length") > 1
        before = shown_cost(page)
        dragged(page, 80)
        assert shown_cost(page) != before
        assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_frame_without_an_address_it_works_too(tmp_path: Path) -> None:
    """What it cannot write into the address it says to the page around it, and nothing is on the console."""
    cell = f"<!DOCTYPE html><meta charset='utf-8'><body>{small_page()._repr_html_()}</body>"
    heard = "<script>addEventListener('message', (event) => { window.heard = event.data; });</script>"
    (tmp_path / "notebook.html").write_text(cell.replace("<body>", f"<body>{heard}"), encoding="utf-8")
    with driven((tmp_path / "notebook.html").as_uri(), tmp_path, (1000, 900)) as page:
        page.until_framed("document.querySelector('.handle') !== null")
        before = page.framed("document.querySelector('.cost').textContent")
        page.framed("document.querySelector('.handle').focus()")
        key = "new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true })"
        page.framed(f"document.querySelector('.handle').dispatchEvent({key})")
        page.until_framed(f"document.querySelector('.cost').textContent !== {json.dumps(before)}")
        page.until("window.heard !== undefined")
        said = page.evaluate("window.heard")
        assert said["chainrule"] == "explorer"
        assert said["address"].startswith("moved=w/2/0/1")
        assert page.errors == []


@pytest.mark.needs("chromium")
def test_in_a_browser_without_scripts_the_figure_is_seen(tmp_path: Path) -> None:
    with driven("about:blank", tmp_path) as page:
        page.go(small_page(title="it's 100 % <b>").save(tmp_path / "page.html").as_uri(), scripts=False)
        assert page.evaluate("document.querySelector('noscript img').naturalWidth") > 300
        assert page.text("noscript p").startswith("This browser runs no scripts here")
        assert page.text("noscript h1") == "it's 100 % <b>"


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "\u202eabc"])
def test_in_a_browser_a_hostile_title_is_text(name: str, tmp_path: Path) -> None:
    file = small_page(title=name).save(tmp_path / "page.html")
    with driven(file.as_uri(), tmp_path) as page:
        assert page.text("h1") == printable(name)
        assert page.evaluate("document.querySelector('#app img')") is None
        assert page.errors == []
