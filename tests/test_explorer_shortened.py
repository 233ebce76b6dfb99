"""The page's script and style sheet without comments and indentation: they do the same, and what is quoted stays."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from explored import digits_page, small_page
from node import answer

import chainrule as cr
from chainrule.explorer import contents
from chainrule.explorer.bundle import bundle, shipped, style
from chainrule.explorer.page import FORMS
from chainrule.explorer.shortened import UnreadScriptError, short_script, short_style


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("// a file\n\nconst a = 1; // one\n\n\n  const b = 2;\n", "const a = 1;\nconst b = 2;\n"),
        ("const a = /* here */ 1;\n/* and\nthere */\nconst b = 2;\n", "const a = 1;\nconst b = 2;\n"),
        ("a = 1/* a line\nends here */b = 2", "a = 1\nb = 2\n"),
        ("const a = 'x // y  /* z';\n", "const a = 'x // y  /* z';\n"),
        ('const a = "it\'s // \\" //";  // no\n', 'const a = "it\'s // \\" //";\n'),
        ("const a = `\n   // kept\n  ${b}  `;  // gone\n", "const a = `\n   // kept\n  ${b}  `;\n"),
        ("const a = `${f({ b: `}// ${c}` })} // kept`; // gone\n", "const a = `${f({ b: `}// ${c}` })} // kept`;\n"),
        ("const a = `\\`// kept ${ '}' }// kept`; // gone\n", "const a = `\\`// kept ${ '}' }// kept`;\n"),
        (
            "const a = b.replace(/[/'\"`]\\/\\*/g, '') / 2; // gone\n",
            "const a = b.replace(/[/'\"`]\\/\\*/g, '') / 2;\n",
        ),
        ("a++ / 2; // gone\n", "a++ / 2;\n"),
        ("return /'/.test(a) ? b / c / d : e; // gone\n", "return /'/.test(a) ? b / c / d : e;\n"),
        ("const a = (b + c) / d; // '\nconst e = f[0] / g; // '\n", "const a = (b + c) / d;\nconst e = f[0] / g;\n"),
    ],
)
def test_a_script_loses_comments_and_indentation_and_nothing_else(text: str, short: str) -> None:
    assert short_script(text) == short
    assert short_script(short) == short


def test_what_has_no_end_is_a_fault_of_the_script() -> None:
    for text in ("const a = 'b;\n", "const a = `b ${c;\n", "const a = `b;\n", "/* a\n"):
        with pytest.raises(UnreadScriptError, match="nothing ends what begins with"):
            short_script(text)


def test_a_style_sheet_loses_the_same() -> None:
    assert short_style("/* a\n */\n.b {\n  content: '/* kept */';\n\n}\n") == ".b {\ncontent: '/* kept */';\n}\n"
    assert "/*" not in short_style(style())


@pytest.mark.needs("node")
def test_shortened_scripts_compute_the_same(tmp_path: Path) -> None:
    """What is read wrongly as a comment, a text or a pattern gives another value, or no script."""
    script = """let a = 8; const b = { g: 2 }, g = 2, out = [];
    // a comment
    out.push(a / b.g / g, a /b.g/ g, [a][0] / 2, (a) / 2, 'a//b', "a/*b*/", `a//${`b/*${'}'}*/`}`); /* gone */
    out.push('a/b'.split(/[/]/).length, /\\/\\//.test('//'), /'/.test("'"), `${/`/.test('`')}`, a++ / 2, '//', a-- / 2, '/*');
    out.push(((x) => x /* here */ / 2)(3), typeof /x/, [/"/, /'/].length,
      a > 3 ? /y/.source : 0); // "
    console.log(JSON.stringify(out));"""
    found = []
    for text in (script, short_script(script)):
        (tmp_path / "script.mjs").write_text(text, encoding="utf-8")
        done = subprocess.run(["node", tmp_path / "script.mjs"], capture_output=True, encoding="utf-8", check=True)
        found.append(json.loads(done.stdout))
    assert found[0] == found[1]
    assert len(found[0]) == 19


PARSE = """
const { SourceTextModule } = require("vm");
const modules = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const [name, text] of Object.entries(modules)) {
  try { new SourceTextModule(text); } catch (error) { console.log(`${name}: ${error}`); }
}
"""


@pytest.mark.needs("node")
def test_every_module_is_a_script_when_it_is_shortened() -> None:
    short = {name: short_script(text) for name, text in shipped().items()}
    assert parsed(short) == ""
    assert "SyntaxError" in parsed({**short, "broken": "const = 1"})
    assert all(len(short[name]) < len(text) for name, text in shipped().items())


def parsed(modules: dict[str, str]) -> str:
    """What Node says of modules, by name, that it cannot read."""
    command = ["node", "--experimental-vm-modules", "--no-warnings", "-e", PARSE]
    return subprocess.run(command, input=json.dumps(modules), capture_output=True, text=True, check=True).stdout


# numbers ---------------------------------------------------------------------------------------------------------------
def test_few_numbers_that_come_again_are_a_table_and_places(rng: np.random.Generator) -> None:
    """A byte each up to 256 different ones, else two; −0 and NaN stay what they are."""
    pixels = np.repeat([0.1, -0.0, 0.0, np.nan, 1e300], 40)[rng.permutation(200)]
    many = rng.permutation(np.repeat(rng.normal(size=300), 9))
    for values, size in ((pixels, 5 * 8 + 200), (many, 300 * 8 + 2 * 2700)):
        kind, *parts = contents.encoded(values).split(":")
        assert kind == "f8"
        assert [len(part) for part in parts] == [
            4 * -(-n // 3) for n in (size - size_of_places(values), size_of_places(values))
        ]
    assert len(contents.encoded(rng.normal(size=200)).split(":")) == 2


def size_of_places(values: np.ndarray) -> int:
    return values.size * (1 if len(np.unique(values)) <= 256 else 2)


SNAPSHOTS = """import { modelOf } from './web/model.js';
const bits = ({ theta }) => Buffer.from(theta.buffer, theta.byteOffset, theta.byteLength).toString('hex');
console.log(JSON.stringify(modelOf(data).snapshots.map(bits)));"""


@pytest.mark.needs("node")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_snapshots_are_differences_from_the_one_before_to_the_last_bit(
    dtype: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    """Signs, powers of two, 0 and −0, the smallest and the largest numbers: all of them come back."""
    tiny, most = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    odd = np.array([0.0, -0.0, tiny, -tiny, most, -most, 1.0, -1.0, 0.5, 3e-39], dtype)
    base = cr.Network.random([30, 40, 2], "tanh", "softmax", seed=1, dtype=dtype)
    theta = base.parameters.flat().astype(dtype)
    given = {}
    for epoch in range(6):
        theta[200:] *= rng.normal(1.0, 0.01, theta.size - 200).astype(dtype)
        theta[:200] = rng.choice(odd, 200)
        given[epoch] = base.with_parameters(base.parameters.like(theta))
    page = cr.explore(base, np.zeros(30), [1.0, 0.0], snapshots=given)
    written = [each["theta"] for each in page.known["snapshots"]]
    if dtype == "float32":
        assert [text[:3] for text in written] == ["f4:", *["d4:"] * 5]
        assert max(map(len, written[1:])) < len(written[0])
    found = answer(SNAPSHOTS, page.known, tmp_path, {"forms.js": page.forms})
    assert found == [each.parameters.flat().astype("<f8").tobytes().hex() for each in given.values()]


def test_the_network_itself_is_written_once() -> None:
    page = digits_page()
    theta = [each["theta"] for each in page.known["snapshots"]]
    assert theta[-1] is None
    assert all(theta[:-1])
    assert page.known["theta"] not in theta


def test_a_page_holds_neither_comments_nor_a_font() -> None:
    page = small_page()
    whole = bundle({**shipped(), FORMS: page.forms})
    assert len(short_script(whole)) < 0.85 * len(whole)
    assert short_script(whole) in page.html
    figure = page.html.split("<noscript>")[1].split("</noscript>")[0]
    assert "@font-face" not in figure
    assert len(figure) < 0.8 * len(page.figure.svg("auto"))
