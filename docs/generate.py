"""Write the generated pages: docs/equations.md from equations.py, docs/commands.md from the command line itself, and others.

python docs/generate.py           write them
python docs/generate.py --check   say whether they are up to date
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import Any

import examples_page
import numpy as np
import performance
import published
import typer
from concepts_rows import PRELUDE, ROWS
from front_picture import front_picture
from published_rows import EXAMPLES

import chainrule
from chainrule import equations
from chainrule.cli.main import app
from chainrule.explanation.document import Factor
from chainrule.explanation.figures import FIGURES
from chainrule.texts import TEXTS as FIVE_TEXTS

LEFT_OUT = "…"  # a line of an example, for lines that are not shown
DOCS = Path(__file__).resolve().parent

MADE = {  # what make calls
    "make run": "chainrule train digits --output runs/digits.safetensors",
    "make verify": "chainrule verify --survey 500",
}

# the same four statements as the texts print them, in their own letters
TEXTS = {
    "S0.13": (
        r"\delta_j^{(L)} = 2(a_j^{(L)} - y_{ij}) \sigma'(z_j^{(L)})",
        r"\delta_j^{(\ell)} = \Big(\sum_r \delta_r^{(\ell+1)} w_{jr}^{(\ell+1)}\Big) \sigma'(z_j^{(\ell)})",
        r"\frac{\partial c_i}{\partial b_j^{(\ell)}} = \delta_j^{(\ell)}",
        r"\frac{\partial c_i}{\partial w_{kj}^{(\ell)}} = \delta_j^{(\ell)} a_k^{(\ell-1)}",
    ),
    "S2.23": (
        r"\delta^L = \nabla_a C \odot \sigma'(z^L)",
        r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)",
        r"\frac{\partial C}{\partial b_j^l} = \delta_j^l",
        r"\frac{\partial C}{\partial w_{jk}^l} = a_k^{l-1} \delta_j^l",
    ),
    "S3.17": (
        r"\delta_j^L = \frac{\partial C}{\partial z_j^L}",
        r"\delta_j^l = \sigma'(z_j^l) (\delta^{l+1})^T w_{.j}^{l+1}",
        r"\frac{\partial C}{\partial b_j^l} = \delta_j^l",
        r"\frac{\partial C}{\partial w_{jk}^l} = \delta_j^l a_k^{l-1}",
    ),
    "S4.13": (
        r"\delta^L = \nabla_{a^L} C \odot \sigma'(z^L)",
        r"\delta^l = (w^{l+1})^T \delta^{l+1} \odot \sigma'(z^l)",
        r"\frac{\partial C}{\partial b_j^l} = \delta_j^l",
        r"\frac{\partial C}{\partial w_{kj}^l} = \delta_k^l a_j^{l-1}",
    ),
}


AUTHORS = {text.id: f"`{text.name}`" for text in FIVE_TEXTS}


def equations_page() -> str:
    """The four equations: what the code returns, its LaTeX, and the texts' own, side by side."""
    names = list(TEXTS)
    lines = [
        "# The four equations, in code and in the texts",
        "",
        "Generated from `src/chainrule/equations.py` by `make docs`; a test keeps it true. The letters differ by author: S0",
        "counts a weight's indices from source to destination, S2 and S3 the other way round, and S4's k and j are S2's j and",
        "k. In the code rows are examples, so that a product over rows sums over them, and (w)ᵀδ is `delta @ w`.",
        "`tests/test_equations.py` computes every cell of this table in plain loops and compares it with the code.",
        "",
        f"| | code | formula | {' | '.join(f'{AUTHORS[name[:2]]} ({name})' for name in names)} |",
        f"|---|---|---|{'---|' * len(names)}",
    ]
    for i, function in enumerate(equations.EQUATIONS):
        said, latex = described(function)
        code = re.search(r"return (.+)", inspect.getsource(function))
        assert code is not None
        cells = [f"**{function.__name__.upper()}** {said}", f"`{code.group(1)}`", f"${latex}$"]
        cells += [f"${TEXTS[name][i]}$" for name in names]
        lines.append(f"| {' | '.join(cells)} |")
    source = Path(inspect.getsourcefile(equations) or "").read_text()
    return "\n".join([*lines, "", "The whole file:", "", "```py", source.rstrip(), "```", ""])


def described(function: Any) -> tuple[str, str]:
    """What an equation's docstring says, and its LaTeX."""
    found = re.match(r"(.+?): \$(.+)\$$", inspect.getdoc(function) or "", re.DOTALL)
    assert found is not None, f"{function.__name__} has no formula"
    return found.group(1), found.group(2)


def commands_page() -> str:
    """Every command with its arguments and options, as the command line knows them."""
    group: Any = typer.main.get_command(app)
    lines = [
        "# Commands",
        "",
        "Written by `make docs` from the command line itself. Results go to standard output, progress and errors to standard",
        "error. An error is one line and exit code 2. Ctrl-C stops a training, keeps its last whole epoch, and exits with 130.",
        "",
        "`chainrule` without a command works out one derivative; `chainrule --version` prints the version.",
        "",
        "On a terminal, results keep to its width (or to `COLUMNS`) and have colours: forward teal, backward red, ✓",
        "green, ✗ red, headings bold. In a pipe or a file each sentence is one line and nothing is coloured, as with",
        "git and ls. `NO_COLOR`, `FORCE_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb` and `CLICOLOR` are honoured, in this",
        "order. Where an encoding lacks the letters of formulas, ASCII stands for them: `dC/dw^(2)`. `chainrule",
        "--install-completion` completes commands and options in bash, zsh and fish.",
    ]
    for name, command in group.commands.items():
        lines += [
            "",
            f"## chainrule {name}",
            "",
            inspect.cleandoc(command.help),
            "",
            "| option | what it does | default |",
            "|---|---|---|",
        ]
        for parameter in command.params:
            if parameter.name == "help" or getattr(parameter, "hidden", False):
                continue
            shown = ", ".join(f"`{each}`" for each in parameter.opts) if parameter.param_type_name == "option" else ""
            shown = shown or f"`{parameter.name.upper()}`"
            help, default = said(parameter)
            lines.append(f"| {' | '.join(map(cell, (shown, help, default)))} |")
    return "\n".join([*lines, ""])


def said(parameter: Any) -> tuple[str, str]:
    """What a parameter's help says, and its default: its own, or the one that the help names at its end."""
    found = re.fullmatch(r"(.*?)\s*\[default: (.+)\]", parameter.help)
    if found is not None:
        return found.group(1), found.group(2) if " " in found.group(2) else f"`{found.group(2)}`"
    default = parameter.default
    return parameter.help, "" if default is None or default is False or parameter.required else f"`{default}`"


def concepts_page() -> str:
    """Each idea of the texts, the call that computes it, and what the call answers."""
    names: dict[str, Any] = {}
    exec(compile(PRELUDE, "docs/concepts_rows.py", "exec"), names)
    lines = [
        "# Ideas of the texts, executed",
        "",
        "Generated from `docs/concepts_rows.py` by `make docs`: every call is run, and a test runs them all again. Where a",
        "row gives two answers, they are the two sides of its equation. All hundred ideas are here.",
        "",
        "```py",
        PRELUDE.strip(),
        "```",
        "",
        "Three of them in pictures: a nudge in a chain (S1.6), the routes from a weight to the cost (S1.17), and a",
        "whole network as gates (S3.1). The pages of [the five texts](index.md) show more.",
        "",
        *(f"![{says}](figures/{file}.svg)\n" for file, says in FIGURES_OF_IDEAS.items()),
        "| id | idea | call | answer |",
        "|---|---|---|---|",
    ]
    for id, idea, call in ROWS:
        lines.append(f"| {id} | {cell(idea)} | `{call}` | {cell(shown(eval(compile(call, id, 'eval'), names)))} |")
    return "\n".join([*lines, ""])


FIGURES_OF_IDEAS = {
    "number_lines": "One line per variable, and a nudge of a weight on each of them",
    "path_sum": "The routes from a weight to the cost, their products and the running sum",
    "whole_circuit": "A network of 2, 3 and 2 neurons as a circuit of gates",
}


def cell(answer: str) -> str:
    """An answer as the cell of a table: of several lines a block."""
    answer = answer.replace("|", "\\|")
    return f"<pre>{escape(answer, quote=False)}</pre>".replace("\n", "<br>") if "\n" in answer else answer


def shown(value: Any) -> str:
    """An answer in six digits: (0.5, −0.25)."""
    if isinstance(value, (bool, np.bool_, str)):
        return str(value)
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}".replace("-", "−")
    if isinstance(value, np.ndarray):
        return shown(value.tolist())
    if isinstance(value, Factor):
        return f"{value.symbol} = {shown(value.value)}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(shown, value))})"
    return str(value)


def with_outputs(text: str, folder: str) -> str:
    """A page whose Python blocks are run, in one session, and whose commands are called, each followed by what it prints."""
    names: dict[str, Any] = {}

    def run(block: re.Match[str]) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.chdir(folder):
            exec(compile(block.group(1), "a page of the docs", "exec"), names)
        return f"```python\n{block.group(1)}```\n" + (f"```\n{out.getvalue()}```\n" if out.getvalue() else "")

    def call(block: re.Match[str]) -> str:
        parts = [part.partition("\n") for part in re.split(r"^\$ ", block.group(1), flags=re.MULTILINE)[1:]]
        answers = [f"$ {command}\n{shortened(printed_by(command, folder), before)}" for command, _, before in parts]
        return "```console\n" + "\n".join(answers) + "```\n"

    text = re.sub(r"^```python\n(.*?)^```\n(?:```\n.*?^```\n)?", run, text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^```console\n(.*?)^```\n", call, text, flags=re.MULTILINE | re.DOTALL)


def shortened(printed: str, before: str) -> str:
    """What a command prints, without the lines for which a line … is on the page."""
    lines, kept = printed.splitlines(keepends=True), before.strip("\n").splitlines()
    if LEFT_OUT not in kept:
        return printed
    first = kept.index(LEFT_OUT)
    return "".join([*lines[:first], f"{LEFT_OUT}\n", *lines[len(lines) - (len(kept) - first - 1) :]])


def printed_by(command: str, folder: str) -> str:
    """What a command of the pages prints on standard output, without colours, called in that folder."""
    words = shlex.split(MADE.get(command, command))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def figures_page() -> str:
    """Every figure of a small network, and the call that draws it."""
    lines = [
        "# Figures",
        "",
        "Every figure, of a chain of single neurons or of a network with 2, 3 and 2; `make gallery` draws them for networks of",
        "up to 784 inputs. A figure displays itself in a notebook; `chainrule show MODEL FIGURE -o FILE.svg` writes it to a",
        "file, and `--table` prints its numbers. `chain`, `net`, `x` and `y` are from [the ideas of the texts](concepts.md),",
        "and the calls below also use",
        "",
        f"```python\n{MORE_NETWORKS}```",
        "",
    ]
    for name, figure in FIGURES.items():
        lines += [f"## {name}", "", f"Shows {figure.says}.", ""]
        for file, (call, _) in drawings().items():
            if call.startswith(f'cr.figure("{name}"'):
                lines += [
                    f"`{call}`" + (f": {ASKED[file][0]}" if file in ASKED else ""),
                    "",
                    f"![{file}](figures/{file}.svg)",
                    "",
                ]
    return "\n".join(lines)


@cache
def drawings() -> dict[str, tuple[str, str]]:
    """(call, SVG) of each figure of the page by the name of its file."""
    names: dict[str, Any] = {}
    exec(compile(PRELUDE, "docs/concepts_rows.py", "exec"), names)
    exec(compile(MORE_NETWORKS + LINEAR, "docs/generate.py", "exec"), names)
    calls = {name: ARGUMENTS.get(name, "net, x, y") for name in FIGURES}
    calls |= {file: arguments for file, (_, arguments) in ASKED.items()}
    found = {file: (f"cr.{call}", eval(call, names).svg("auto")) for file, call in OF_TEXTS.items()}
    for file, arguments in calls.items():
        name = next(name for name in FIGURES if file == name or file.startswith(f"{name}-"))
        call = f'figure("{name}", {arguments})'
        found[file] = (f"cr.{call}", eval(call, names).svg("auto"))
    exec(compile(TWO_RUNS, "docs/generate.py", "exec"), names)
    return found | {file: (call, eval(call, names).svg("auto")) for file, call in OF_RUNS.items()}


AREAS = {  # of the public names, by the module that holds them
    "Networks and gradients": ("network", "parameters", "forward", "backward", "per_example"),
    "Activations and costs": ("activations", "costs"),
    "Training": ("training", "run", "report", "comparison", "updates", "schedules", "settings"),
    "For scikit-learn": ("estimators",),
    "Data, predictions, files": ("data", "prediction", "predictor", "scores", "storage", "records"),
    "Explanations": (
        "explanation",
        "nudges",
        "diagnostics",
        "conventions",
        "explorer",
        "lessons",
        "recurrent",
        "writing",
        "pictures",
    ),
    "Checks": ("verification", "circuits"),
    "Errors and warnings": ("errors",),
}


def api_page() -> str:
    """The public names by area, each with the first line of its docstring."""
    found: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for name in chainrule.__all__:
        if name == "__version__":
            continue
        thing = getattr(chainrule, name)
        module = thing.__module__.split(".")[1]
        area = next(area for area, modules in AREAS.items() if module in modules)
        paragraph = (inspect.getdoc(thing) or "").split("\n\n")[0]
        found[area].append((name, escaped(" ".join(paragraph.split()))))
    lines = [
        "# API",
        "",
        "Every public name, with the first paragraph of its docstring; `make docs` writes this page. In Python",
        "`help(cr.train)` shows the whole text, and so does the website that `make site` builds.",
        "",
    ]
    for area, names in found.items():
        lines += [f"## {area}", "", "| name | what it is |", "|---|---|"]
        lines += [f"| `{name}` | {says} |" for name, says in sorted(names, key=lambda each: each[0].lower())]
        lines.append("")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """A docstring's text in a cell of a table; ids of ideas, which the reader of a table has not met, are left out."""
    text = re.sub(r" \((?:S\d\.\d+[–, ]*)+\)", "", text)
    pieces = text.split("`")
    plain = [re.sub(r"([*_<])", r"\\\1", piece) if place % 2 == 0 else piece for place, piece in enumerate(pieces)]
    return "`".join(plain).replace("|", "\\|")


def front() -> str:
    """The picture at the top of the README."""
    names: dict[str, Any] = {}
    exec(compile(PRELUDE, "docs/concepts_rows.py", "exec"), names)
    return front_picture(names["net"], names["x"].tolist(), names["y"].tolist()).svg("auto")


MORE_NETWORKS = """\
import numpy as np
import chainrule as cr
from chainrule.recurrent import Recurrent

kinked = cr.Network.random([5, 4, 3, 2], "relu", "identity", seed=3, dtype="float64")
reader = Recurrent.random((2, 3, 1), seed=0)
"""
LINEAR = 'linear = cr.Network(list(net.weights), list(net.biases), ["tanh", "identity"])'
THREE_ROWS = "net, [x, [1.0, 1.0], [-0.5, 0.2]], [y, [0.0, 1.0], [1.0, 1.0]]"
OF_CHAIN = 'chain, [0.6], [1.0], cost="squared_error"'
ARGUMENTS = {
    "number_lines": f'{OF_CHAIN}, by="w/1/0/0"', "demon": f'{OF_CHAIN}, by="z/2/0"', "six_steps": OF_CHAIN,
    "summary": "None", "unrolled": "reader, np.eye(4, 2), np.ones((4, 1))", "delta_batch": THREE_ROWS, "activation": THREE_ROWS,
    "gradient_vector": THREE_ROWS,
}  # fmt: skip
ASKED = {  # file: what it shows, and the arguments
    "network-neuron": ("one neuron, its edges and its row of W", 'net, x, y, by="z/1/1", convention="3h4"'),
    "network-whole": ("what leads into a neuron of each of two layers",
                      'net, x, y, by=["z/1/0", "z/2/1"], convention="3h4"'),
    "network-layer": ("a layer and its neighbours, its neurons as z and a, biases as square units",
                      'net, x, y, layer=1, by="w/1/1/0", bias_units=True, convention="3h4"'),
    "network-gradient": ("edges as wide as the derivatives", 'net, x, y, edges="gradient"'),
    "unit_circuit-forward": ("the forward pass alone", 'net, x, y, phase="forward"'),
    "computation_tree-route": ("one route highlighted, its factors beside it",
                               f'{OF_CHAIN}, by="w/2/0/0", convention="3blue1brown"'),
    "demon-kinks": ("a ReLU network, the kinks on the way are marked",
                    'kinked, [0.36, 0.29, 0.03, 0.55, -0.74], [2.0, 0.6], by="z/1/2"'),
    "summary-s1": ("as another author writes them", 'None, convention="3blue1brown"'),
}  # fmt: skip
SQUARED = 'cost="squared_error"'
OF_TEXTS = {  # figures on the pages of the texts, in their notation
    "s0-path_sum": f'figure("path_sum", net, x, y, by="w/1/1/0", convention="article", {SQUARED})',
    "s0-matrix_form": f'figure("matrix_form", net, x, y, by="z/1/1", convention="article", {SQUARED})',
    "s0-demon": f'figure("demon", net, x, y, by="z/2/1", convention="article", {SQUARED})',
    "s1-number_lines": f'figure("number_lines", {OF_CHAIN}, by="w/2/0/0", convention="3blue1brown")',
    "s1-path_sum": f'figure("path_sum", net, x, y, by="w/1/1/0", convention="3blue1brown", {SQUARED})',
    "s2-in_weight_out": 'figure("in_weight_out", net, x, y, by="w/1/1/0")',
    "s3-unit_circuit": f'figure("unit_circuit", linear, x, y, by="z/1/1", convention="cs231n", {SQUARED})',
    "s3-whole_circuit": f'figure("whole_circuit", linear, x, y, convention="cs231n", {SQUARED})',
    "s4-delta_batch": 'figure("delta_batch", net, [x, [1.0, 1.0], [-0.5, 0.2]], [y, [0.0, 1.0], [1.0, 1.0]], convention="3h4")',
    "s4-six_steps": f'figure("six_steps", {OF_CHAIN}, convention="3h4")',
    "recurrent-last": 'figure("unrolled", reader, np.eye(4, 2), np.ones((4, 1)), cost_at="last")',
}
# in float64, so that the figures are the same on every processor
TWO_RUNS = """
from chainrule.run_figures import update_figure
learnt, _ = cr.load_data("breast_cancer").split(0.2, seed=0)
first = cr.Network.random([30, 16, 2], "relu", "softmax", seed=0, dtype="float64")
one = cr.train(first, learnt, validation=0.2)
other = cr.train(first, learnt, "cross_entropy", rule=cr.adam(0.01), validation=0.2)
"""
OF_RUNS = {"compare": "cr.compare(one, other).figure()", "report-steps": "update_figure(one.history)"}
PAGES = {
    "api.md": api_page,
    "equations.md": equations_page,
    "commands.md": commands_page,
    "concepts.md": concepts_page,
    "figures.md": figures_page,
    **{name: partial(performance.page, name) for name in performance.PAGES},
    "published.md": lambda: published.page(EXAMPLES),
}


def main() -> None:
    """Write or check the pages."""
    made = {name: page() for name, page in PAGES.items()}
    made |= {f"figures/{name}.svg": svg for name, (_, svg) in drawings().items()}
    made["figures/front.svg"] = front()
    made |= performance.figures()
    stale = [name for name, text in made.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != text]
    if "--check" in sys.argv:
        sys.exit(f"out of date, run make docs: {', '.join(stale)}" if stale else 0)
    (DOCS / "figures").mkdir(exist_ok=True)
    for name in stale:
        (DOCS / name).write_text(made[name])
        print(f"wrote docs/{name}")
    examples_page.write()
    for page in [DOCS.parent / "README.md", *(page for page in DOCS.glob("*.md") if page.name not in PAGES)]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "runs").mkdir()
            page.write_text(with_outputs(page.read_text(), folder))
    subprocess.run([sys.executable, str(DOCS / "notebook.py")], check=True)


if __name__ == "__main__":
    main()
