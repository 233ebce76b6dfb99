"""Imports point down; what checks and explains imports the core, and the core none of it; the map is the tree."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule

SOURCE = Path(chainrule.__file__).parent
LAYERS = [
    "cli",
    "estimators",
    "progress",
    "explorer",
    "lessons",
    "explanation",
    "diagnostics nudges",
    "verification conventions",
    "recurrent training",
    "checkpoints records",
    "checkpoint_checks",
    "comparison diagnostics.divergence evaluation settings",
    "run",
    "storage",
    "by_hand",
    "defaults footprint stopping",
    "circuits cost_curve engines per_example report verdict",
    "report_sections",
    "answered_rows confusions run_facts run_figures",
    "backward prediction",
    "data.network_rows",
    "forward equations updates schedules dropout regularization",
    "problem",
    "network",
    "predictor",
    "costs last_layer scores ids initialization",
    "activations engines.threads",
    "parameters",
    "own_forms",
    "form_failures",
    "circuits.wires dual data",
    "circuits.gates",
    "result_page",
    "result_html",
    "result_parts",
    "pictures",
    "writing",
    "checked_file",
    "durations",
    "aligned elementary names files json_text memory ranges texts",
    "errors",
]
INSIDE = {  # the layers of the larger packages
    "explanation": [
        "chapters figures",
        "nested_formula proof pseudocode worksheet",
        "all_derivatives derivative summary",
        "audit",
        "derivation",
        "in_training",
        "derivation_blocks parts rule_step",
        "forms letters shown update",
        "typeset view",
        "document noise rule_letters",
    ],
    "estimators": [
        "classifier regressor",
        "base",
        "inspected saved taken_over",
        "begun columns input_slopes minimum plain_values preprocessed progress",
        "asked callbacks",
        "defaults losses",
    ],
    "explorer": ["page", "bundle contents", "convention_data question_data shortened traced"],
    "writing": ["sheet", "html latex", "card text", "document", "mathml tex", "formula numbers"],
    "pictures": ["panel", "plot scene tiles", "converted svg", "shapes", "widths"],
    "verification": [
        "survey",
        "recurrent verify",
        "penalized",
        "judge",
        "answers",
        "agreement recurrent_leeway verdict",
        "causes methods moved recurrent_methods smooth_steps",
        "complex_step differences faults forward_mode leeway paths raw sigma_matrices symbolic",
        "evaluate flat_causes kinks local noise recurrent_evaluate rounding steps",
    ],
    "diagnostics": [
        "reasons",
        "sentences",
        "case",
        "blame influence",
        "factors",
        "activation_design",
        "slope_curve",
        "numbers",
    ],
    "lessons": [
        "questions",
        "chain_order gate_rules reading reasons values",
        "choosing givens",
        "quiz_format six_questions slips",
        "quiz_card",
        "live quiz",
        "replies",
        "plain_text",
    ],
    "nudges": [
        "best_move",
        "demon lowest_point nudge sweep",
        "question",
        "kinks",
        "crossings text",
        "change line_search way",
    ],
    "circuits": ["of_network", "circuit", "by_gate by_group", "netlist"],
    "recurrent": ["through_time wiring", "task", "recurrent steps"],
    "data": [
        "fingerprint",
        "dataset streaming",
        "preprocessing reading",
        "choosing csv_stream known one_row optional_files overview",
        "arrays choices columns csv frames labels moments shipped",
        "arrow_csv cells conversions table trained_rows",
        "mapped values",
        "coercion packed",
    ],
}
ROW = {name: len(LAYERS) - i for i, row in enumerate(LAYERS) for name in row.split()}
HEAVY = ["sklearn", "numba", "torch", "matplotlib", "sympy", "scipy", "pandas", "rich", "typer"]


def modules() -> list[Path]:
    return [
        path for path in SOURCE.rglob("*.py") if path.name not in ("__main__.py",) and path != SOURCE / "__init__.py"
    ]


def room(path: Path) -> str:
    return place(list(path.relative_to(SOURCE).with_suffix("").parts))


def place(parts: list[str]) -> str:
    """The entry in the list of a module, by the parts of its name: of its own where it has one, else of its package."""
    return ".".join(parts[:2]) if ".".join(parts[:2]) in ROW else parts[0]


def imported(path: Path) -> list[str]:
    """Every chainrule module that a file imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("chainrule"):
            parts = node.module.split(".")
            whole = len(parts) == 1 or (len(parts) == 2 and parts[1] in INSIDE)
            found += [f"{node.module}.{alias.name}" for alias in node.names] if whole else [node.module]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("chainrule")]
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(path: Path) -> None:
    mine = room(path)
    assert mine in ROW, f"{mine} has no place in the list of layers"
    for name in imported(path):
        parts = name.split(".")
        if len(parts) == 1:
            assert mine == "cli", f"{path.name} imports the package itself; only the doors may"
            continue
        theirs = place(parts[1:])
        if theirs != mine:
            assert ROW[theirs] < ROW[mine], f"{path.relative_to(SOURCE)} (row {ROW[mine]}) imports {name}"
        elif mine in INSIDE and path.name != "__init__.py":
            rows = {each: i for i, row in enumerate(INSIDE[mine]) for each in row.split()}
            here, there = path.relative_to(SOURCE).parts[1].removesuffix(".py"), parts[2]
            assert here == there or rows[there] > rows[here], f"{path.relative_to(SOURCE)} imports {name}: that climbs"


@pytest.mark.parametrize("package", INSIDE)
def test_every_file_of_a_package_has_its_layer(package: str) -> None:
    listed = " ".join(INSIDE[package]).split()
    there = {
        path.stem
        for path in (SOURCE / package).iterdir()
        if path.name[0] != "_" and path.name not in ("fonts", "sets", "web")
    }
    assert sorted(listed) == sorted(each for each in there if f"{package}.{each}" not in ROW)


def test_every_layer_in_the_list_exists() -> None:
    paths = [SOURCE / name.replace(".", "/") for name in ROW]
    missing = [path for path in paths if not path.is_dir() and not path.with_suffix(".py").is_file()]
    assert not missing


def test_imports_inside_functions_are_rare_and_give_their_reason() -> None:
    """Nine at most, all of heavy packages and of the command line, which Ctrl-C may meet while it is imported."""
    inside = []
    for path in [*modules(), SOURCE / "__main__.py"]:
        tree, lines = ast.parse(path.read_text()), path.read_text().splitlines()
        at_top = {node.lineno for node in tree.body}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno not in at_top:
                line = lines[node.lineno - 1]
                assert re.search(r"noqa: PLC0415 +\(.+\)", line), f"{path.name}:{node.lineno}: {line}"
                inside.append(line)
    assert len(inside) <= 9
    assert [line.strip() for line in inside if "chainrule" in line.split("#")[0]] == [
        "from chainrule.cli.main import main as run  # noqa: PLC0415 (it takes a while, and Ctrl-C may come before it ends)"
    ]


@pytest.mark.parametrize("name", ["evaluate", "recurrent_evaluate"])
def test_evaluate_knows_the_nouns_alone(name: str) -> None:
    """A check that copied is no check: the method of differences never touches forward, equations, backward or a slope."""
    path = SOURCE / "verification" / f"{name}.py"
    core = {"forward", "equations", "backward", "updates", "engines", "training", "prediction", "per_example"}
    modules = imported(path)
    assert not core & {module.split(".")[1] for module in modules}
    assert "chainrule.recurrent.through_time" not in modules
    text = path.read_text()
    assert ".slope(" not in text
    assert ".delta(" not in text


METHODS = ["local", "raw", "sigma_matrices", "paths", "forward_mode", "complex_step", "symbolic", "moved"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_knows_nouns_and_forms_alone(name: str) -> None:
    """No method borrows from the core, nor from another method; each takes its slopes from the forms."""
    path = SOURCE / "verification" / f"{name}.py"
    nouns = {"activations", "costs", "dual", "elementary", "errors", "network", "parameters", "ids", "problem"}
    shared = {f"chainrule.verification.{each}" for each in ("evaluate", "local", "differences")}
    for module in imported(path):
        assert module.split(".")[1] in nouns or module in shared, f"{name}.py imports {module}"
    for reach in (".slope(", ".delta("):
        assert reach not in path.read_text()


def test_gates_know_nouns_alone() -> None:
    """A circuit is an independent check: it never touches forward, equations, backward or a slope."""
    nouns = {"activations", "circuits", "costs", "data", "elementary", "errors", "network", "parameters", "problem"}
    for path in (SOURCE / "circuits").glob("*.py"):
        others = {name.split(".")[1] for name in imported(path)} - nouns
        assert not others, f"{path.relative_to(SOURCE)} imports {others}"


def test_the_core_imports_nothing_that_stands_around_it() -> None:
    banks = {"verification", "explanation", "conventions", "cli", "report"}
    for name in ("forward", "equations", "backward", "per_example", "updates"):
        assert not banks & {each.split(".")[1] for each in imported(SOURCE / f"{name}.py")}


def test_chapters_know_nothing_of_each_other() -> None:
    """What two of them need is a part of both, and a part is drawn in any of them."""
    explanation = SOURCE / "explanation"
    for path in (*explanation.glob("chapters/*.py"), *explanation.glob("parts/*.py")):
        others = [name for name in imported(path) if name.startswith("chainrule.explanation.chapters")]
        assert not others, f"{path.relative_to(SOURCE)} imports {others}"


def test_import_chainrule_is_light() -> None:
    code = f"import sys, chainrule; print([name for name in {[*HEAVY, 'threadpoolctl']!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_trained_network_needs_no_heavy_package_either() -> None:
    code = (
        "import sys, chainrule as cr; net = cr.Network.random([64, 8, 10], output='softmax'); "
        f"cr.train(net, cr.load_data('digits'), epochs=1); print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_map_equals_the_tree() -> None:
    """Each file stands once in the package's docstring, and everything in the docstring is there."""
    lines = re.findall(r"^((?:\w+(?:\.py|/)).*(?:\n {10,}.*)*)", chainrule.__doc__ or "", re.MULTILINE)
    mapped = set()
    for line in lines:
        head = line.split()[0]
        if head.endswith("/"):
            mapped |= {head + name for name in re.findall(r"\w+\.py", line)}
        else:
            mapped.add(head)
    tree = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert mapped == tree
