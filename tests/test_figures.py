"""Every figure at every size: labels apart and inside, names of their own, colours that everyone can tell, SVG that opens."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import measured
from networks import PROOF

import chainrule as cr
from chainrule.backward import backward
from chainrule.conventions import PRESETS, Convention
from chainrule.explanation.figures import FIGURES, figure
from chainrule.explanation.worksheet import worksheet
from chainrule.forward import forward
from chainrule.ids import parse
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Box, Circle, Label, Line, Rect, Span, Spans, width_of
from chainrule.pictures.svg import THEMES
from chainrule.pictures.widths import MARKS
from chainrule.writing.formula import Symbol, row
from chainrule.writing.numbers import short

DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path.insert(0, str(DOCS))
gallery = __import__("gallery")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pieces() -> list:  # type: ignore[type-arg]
    return list(gallery.pieces())


def test_no_label_overlaps_another_and_none_is_clipped(pieces) -> None:  # type: ignore[no-untyped-def]
    """Issue, Shows 4: from 1-1-1-1 to 784-30-10."""
    for piece in pieces:
        if piece.scene is not None:
            where = f"{piece.figure} of {piece.size}"
            assert [(str(a.text), str(b.text)) for a, b in piece.scene.overlapping()] == [], where
            assert [str(label.text) for label in piece.scene.clipped()] == [], where


def test_the_sheets_fit_a_page_and_have_no_small_label(pieces) -> None:  # type: ignore[no-untyped-def]
    for piece in pieces:
        if piece.figure in ("six_steps", "gradient_vector"):
            assert piece.scene.width <= 900, piece.size
            assert min(label.size for label in piece.scene.labels()) >= 11, piece.size


def test_the_whole_circuit_is_folded_and_has_no_small_label(pieces) -> None:  # type: ignore[no-untyped-def]
    for piece in pieces:
        if piece.figure == "whole_circuit" and piece.size in ("1-1-1-1", "2-3-2"):
            assert piece.scene.width <= 760, piece.size
            assert min(label.size for label in piece.scene.labels()) >= 12, piece.size


def test_the_weight_that_figures_are_asked_for_is_one_that_learns(pieces) -> None:  # type: ignore[no-untyped-def]
    asked = [piece for piece in pieces if "by='w/" in piece.options]
    assert {piece.figure for piece in asked} == {"network", "computation_tree"}
    for size in gallery.sizes():
        gradient = cr.gradient(size.network, *size.one)
        weights = [re.search("by='(w/1/[^']+)'", piece.options)[1] for piece in asked if piece.size == size.name]
        assert len(weights) == 2
        for weight in weights:
            j, k = map(int, weight.split("/")[2:])
            assert abs(gradient.weights[1][j, k]) == np.abs(gradient.weights[1]).max() > 0, size.name


def test_every_figure_is_drawn_where_it_can_be(pieces) -> None:  # type: ignore[no-untyped-def]
    """Only the whole circuit has a limit, and says it with the number."""
    refused = [piece for piece in pieces if piece.scene is None]
    assert {piece.figure for piece in refused} <= {"whole_circuit"}
    assert all("300" in piece.refused for piece in refused)
    assert {piece.figure for piece in pieces if piece.scene is not None} == set(FIGURES)


def test_each_svg_is_xml_with_a_title_a_description_and_no_foreign_object(pieces) -> None:  # type: ignore[no-untyped-def]
    for piece in pieces:
        if piece.scene is None:
            continue
        text = piece.scene.svg()
        root = ET.fromstring(text)
        assert root.find(f"{SVG}title").text == piece.scene.title
        assert len(root.find(f"{SVG}desc").text) > 30, piece.figure
        assert "foreignObject" not in text
        assert "<script" not in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        assert len(piece.scene.table) > 1, piece.figure
        assert text == piece.scene.svg()


@pytest.mark.parametrize("size", ["1-1-1-1", "2-3-2", "5-4-3-2", "64-128-10", "784-30-10", "2-3-1"])
def test_every_label_can_be_read_where_a_picture_is_700_pixels_wide(size: str, pieces) -> None:  # type: ignore[no-untyped-def]
    """In a README or on a page of the docs: 9 pixels at least."""
    found = [piece for piece in pieces if piece.scene is not None and piece.size.startswith(size)]
    assert found
    for piece in found:
        if "saturated" not in piece.size:  # whose numbers all have a power of ten, and are shown in no text
            smallest = min(label.size for label in piece.scene.labels())
            assert smallest * min(1.0, gallery.WIDE / piece.scene.width) >= 9, f"{piece.figure} {piece.options}"


def test_no_svg_is_wider_than_its_place_and_the_paper_reaches_beyond_every_edge(pieces) -> None:  # type: ignore[no-untyped-def]
    """A dark picture that is scaled to parts of a pixel has no light line at its edges."""
    for piece in pieces:
        if piece.scene is None:
            continue
        root = ET.fromstring(piece.scene.svg("dark"))
        assert root.get("style") == "max-width:100%;height:auto"
        paper = next(root.iter(f"{SVG}rect"))
        x, y, width, height = (float(paper.get(name, "nan")) for name in ("x", "y", "width", "height"))
        assert paper.get("fill") == THEMES["dark"]["paper"]
        assert min(-x, -y, x + width - piece.scene.width, y + height - piece.scene.height) > 0.9, piece.figure


def test_two_figures_on_one_page_share_no_id(pieces) -> None:  # type: ignore[no-untyped-def]
    """Issue, Shows 3: ids carry a prefix of their own, and every reference finds its id."""
    seen: set[str] = set()
    for piece in pieces:
        if piece.scene is None:
            continue
        text = piece.scene.svg()
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert not seen & set(ids), piece.figure
        seen |= set(ids)
        assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)


def test_figures_of_the_docs_are_dark_where_the_readers_screen_is_and_as_wide_as_their_place() -> None:
    files = sorted((DOCS / "figures").glob("*.svg"))
    assert len(files) > 20
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "@media(prefers-color-scheme:dark)" in text, file.name
        assert 'style="max-width:100%;height:auto"' in text, file.name


# colours ------------------------------------------------------------------------------------------------------------
def linear(colour: str) -> np.ndarray:
    """sRGB #rrggbb as linear light."""
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The ratio of the accessibility guidelines (WCAG 2)."""
    a, b = (float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


# Machado, Oliveira and Fernandes (2009), severity 1, on linear light
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(light: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear light, D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(
        light, 0, 1
    )
    f = xyz / [0.9505, 1.0, 1.089]
    f = np.where(f > (6 / 29) ** 3, np.cbrt(f), f / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_every_role_stands_out_from_the_paper() -> None:
    """Issue, Shows 3: 4.5 at least for everything that is read, 5.2 and 7.0 forward and backward."""
    for theme, colours in THEMES.items():
        for role, colour in colours.items():
            if role not in ("paper", "panel"):
                assert contrast(colour, colours["paper"]) >= 4.5, (theme, role)
                assert contrast(colour, colours["panel"]) >= 4.0, (theme, role)
    light = THEMES["light"]
    assert contrast(light["forward"], "#ffffff") == pytest.approx(5.2, abs=0.06)
    assert contrast(light["backward"], "#ffffff") == pytest.approx(7.0, abs=0.06)


@pytest.mark.parametrize("pair", [("forward", "backward"), ("positive", "negative")])
@pytest.mark.parametrize("theme", list(THEMES))
def test_the_two_directions_and_the_two_signs_are_told_apart_under_every_colour_blindness(
    theme: str, pair: tuple[str, str]
) -> None:
    """ΔE of 20 and more (2.3 is just noticeable)."""
    one, other = (linear(THEMES[theme][role]) for role in pair)
    for name, matrix in {"none": np.eye(3), **BLIND}.items():
        apart = np.linalg.norm(lab(np.array(matrix) @ one) - lab(np.array(matrix) @ other))
        assert apart >= 20, (theme, pair, name, apart)


# outside readers ----------------------------------------------------------------------------------------------------
PAINTED = re.compile(r'<path [^>]*?fill(?::|=")rgb\(([^)]*)\)[^>]*? d="([^"]*)"')
OUTLINE = re.compile(r"M (-?[\d.]+) (-?[\d.]+)")


def outlines(svg: str) -> dict[str, np.ndarray]:
    """What rsvg draws, as it writes it down itself: where each outline begins, (n, 2), by colour; a letter has one or two."""
    done = subprocess.run(["rsvg-convert", "-f", "svg"], input=svg, capture_output=True, encoding="utf-8", check=True)
    found: dict[str, list[list[float]]] = {}
    for colour, path in PAINTED.findall(done.stdout):
        name = "#" + "".join(f"{round(2.55 * float(part.strip(' %'))):02x}" for part in colour.split(","))
        found.setdefault(name, []).extend([float(x), float(y)] for x, y in OUTLINE.findall(path))
    return {colour: np.array(points) for colour, points in found.items()}


def letters(label: Label) -> Counter[str]:
    """How many letters of each role a label has."""
    pieces = label.text.pieces if isinstance(label.text, Spans) else (Span(label.text, label.role),)
    found: Counter[str] = Counter()
    for piece in pieces:
        found[piece.role] += len(re.sub(r"\s", "", str(piece.content)))
    return found


def without_ink(scene: Scene, svg: str) -> list[str]:
    """The labels in whose box rsvg draws fewer outlines of a colour than they have letters of it."""
    drawn, found = outlines(svg), []
    for label in scene.labels():
        for role, count in letters(label).items():
            points, box = drawn.get(THEMES["light"][role], np.empty((0, 2))), label.box
            inside = (points >= [box.left - 2, box.top]) & (points <= [box.right + 2, box.bottom])
            if inside.all(axis=1).sum() < count:
                found.append(str(label.text))
    return found


@pytest.mark.needs("rsvg-convert")
def test_rsvg_draws_every_letter_of_every_label(pieces) -> None:  # type: ignore[no-untyped-def]
    """With the fonts of a drawing program, in its colour and its place, in every figure at every size; here in one of seven."""
    for piece in pieces[:: 1 if PROOF else 7]:
        if piece.scene is not None:
            assert without_ink(piece.scene, piece.scene.svg()) == [], f"{piece.figure} of {piece.size}"


@pytest.mark.needs("rsvg-convert")
def test_a_label_that_rsvg_does_not_draw_is_found() -> None:
    scene = Scene(200, 120, (Label(100, 20, "there"), Label(100, 60, "gone"), Label(100, 100, "pale")), "t", "d")
    svg = scene.svg().replace(">gone<", "><").replace('y="104.55"', 'y="104.55" fill-opacity="0"')
    assert without_ink(scene, scene.svg()) == []
    assert without_ink(scene, svg) == ["gone", "pale"]


# defaults -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["unit_circuit", "matrix_form", "delta_batch"])
def test_a_figure_of_a_neuron_shows_without_a_name_the_one_with_the_largest_error(name: str) -> None:
    """Not neuron 0, which may be dead, as it is here."""
    net = cr.Network.random([3, 4, 2], "relu", "identity", seed=1, dtype="float64")
    biases = [b.copy() for b in net.biases]
    biases[0][0] = -100.0
    net = net.with_parameters(cr.Parameters(list(net.weights), biases))
    x, y = [0.5, -1.0, 2.0], [1.0, 0.0]
    errors = backward(forward(net, np.array([x])), np.array([y]), None).delta[1][0]
    assert errors[0] == 0 < np.abs(errors).max()
    chosen = figure(name, net, x, y)
    assert chosen.svg() == figure(name, net, x, y, layer=1, neuron=int(np.abs(errors).argmax())).svg()
    assert chosen.svg() != figure(name, net, x, y, layer=1, neuron=0).svg()


# the scene itself ---------------------------------------------------------------------------------------------------
def test_labels_that_overlap_or_are_clipped_are_found() -> None:
    one, near, far = Label(50, 50, "value"), Label(60, 52, "value"), Label(150, 50, Symbol("w", "2", "01"))
    scene = Scene(210, 100, (one, near, far, Label(3, 50, "out")), "t", "d")
    assert scene.overlapping() == [(one, near)]
    assert [label.text for label in scene.clipped()] == ["out"]
    assert Box(0, 0, 10, 10).overlaps(Box(10, 0, 20, 10)) is False


@pytest.mark.parametrize("name", ["path_sum", "computation_tree", "number_lines"])
def test_the_line_about_the_cost_is_flush_with_the_title(name: str, chain: cr.Network) -> None:
    """Also where a number is bold and comes first."""
    scene = figure(name, chain, [0.6], [1.0])
    title, *_ = sorted((label for label in scene.labels() if label.bold), key=lambda label: label.y)
    (foot,) = [label for label in scene.labels() if str(label.text).startswith("C (")]
    assert foot.box.left == title.box.left


def test_a_prompt_shows_what_a_scene_is_in_a_line() -> None:
    scene = figure("summary", None)
    assert repr(scene) == f"<{scene.title}: 900 × {scene.height:g}, 5 rows; .svg() draws it>"


def test_the_same_scene_has_the_same_bytes_and_themes_differ() -> None:
    scene = Scene(100, 40, (Line(((0, 0), (50, 20)), "forward", arrow=True), Rect(1, 1, 5, 5)), "t", "d")
    assert scene.svg() == scene.svg()
    assert THEMES["dark"]["forward"] in scene.svg("dark")
    with pytest.raises(cr.UnknownNameError, match="did you mean 'light'"):
        scene.svg("ligth")


def test_the_widths_of_characters_are_those_of_the_fonts() -> None:
    sys.path.insert(0, str(DOCS))
    text_widths = __import__("text_widths")
    if not all(font.exists() for font in text_widths.WIDEST):
        assert not PROOF
        pytest.skip("the fonts are not installed here: make proof-tools")
    assert text_widths.TARGET.read_text() == text_widths.module()
    assert width_of("ℓ", 1.0) == 0.47
    assert width_of("漢", 1.0) == 1.0


def symbols(content: object) -> Iterator[Symbol]:
    """Every letter of a formula with its marks."""
    if isinstance(content, Symbol):
        yield content
    elif dataclasses.is_dataclass(content):
        for field in dataclasses.fields(content):
            yield from symbols(getattr(content, field.name))
    elif isinstance(content, tuple):
        for each in content:
            yield from symbols(each)


@pytest.mark.parametrize("how", [*map(Convention.preset, PRESETS), Convention.preset("s2").but(marks="a^L")])
def test_every_letter_and_every_mark_of_a_convention_has_its_width_and_its_glyph(how: Convention) -> None:
    """The ℓ of a convention had none, and its brackets struck through the letter below."""
    scenes = [figure("summary", None, convention=how)]
    if not how.linear_output:
        for size, name in itertools.product(
            gallery.sizes()[:2], ("network", "six_steps", "unit_circuit", "matrix_form")
        ):
            scenes.append(figure(name, size.network, *size.one, convention=how))
    found = [each for scene in scenes for label in scene.labels() for each in symbols(label.text)]
    marks = {character for each in found for character in each.above + each.below}
    assert len(marks) > 3
    assert marks <= set(MARKS), marks - set(MARKS)
    letters = {each.letter.rstrip("′") for each in found if each.above or each.below}
    assert letters <= {*MARKS, "", "10"}, letters - set(MARKS)


def test_a_power_of_ten_is_set_as_one() -> None:
    """4.02e−5 as 4.02·10⁻⁵, in text, in formulas and in pieces of both; a name that looks like one is left."""
    for text in ("4.02e−5", row("w = 4.02e−5"), Spans((Span("4.02e−5", "ink"),))):
        svg = Scene(200, 40, (Label(20, 20, text),), "t", "d").svg()
        assert re.search(r">[w =]*4\.02·10<tspan font-size=[^>]*>−5</tspan>", svg), svg
    assert "cost2e4u" in Scene(200, 40, (Label(20, 20, "cost2e4u"),), "t", "d").svg()
    raised, plain = (Label(0, 0, text).box.right for text in ("4.02e−5", "4.02·10−5"))
    assert 0.8 * plain < raised < plain


def test_no_figure_writes_a_power_of_ten_as_a_computer_does(pieces) -> None:  # type: ignore[no-untyped-def]
    """The saturated network has many."""
    for piece in pieces:
        if piece.scene is not None and "saturated" in piece.size:
            drawn = re.sub(r"<(title|desc|style).*?</\1>|<[^>]*>", "", piece.scene.svg())
            assert not re.search(r"\de−?\d", drawn), piece.figure


def test_letters_of_formulas_are_set_in_the_font_that_the_figure_carries() -> None:
    label = Label(20, 20, row("is ", Symbol("w", "2", "01"), " = 0.5, σ′(", Symbol("z", "ℓ"), ")"))
    scene = Scene(200, 40, (label,), "t", "d")
    for theme in ("light", "dark", "auto"):
        svg = scene.svg(theme)
        (data,) = re.findall(
            r"@font-face\{font-family:Chainrule;font-style:italic;src:url\(data:font/woff;base64,([^)]*)\)", svg
        )
        assert len(data) < 12_000
        assert base64.b64decode(data).startswith(b"wOFF")
        text = next(ET.fromstring(svg).iter(f"{SVG}text"))
        set_in_it = "".join("".join(each.itertext()) for each in text if each.get("font-family") == "Chainrule,serif")
        assert set_in_it.replace("\u200b", "") == "w201σ(zℓ)"
        assert (
            "".join(text.itertext()).replace("\u200b", "") == "is w201 = 0.5, σ′(zℓ)"
        )  # what is searched for and copied
    assert "base64" not in Scene(200, 40, (Label(20, 20, "w = 0.5"),), "t", "d").svg()


GLYPHS = """
const widths = [];
for (const text of ['w', 'ℓ', '∂']) {
  const span = document.createElementNS('http://www.w3.org/2000/svg', 'text');
  span.setAttribute('font-family', 'Chainrule,serif'); span.setAttribute('font-size', '100');
  span.setAttribute('font-style', 'italic'); span.textContent = text;
  document.querySelector('svg').append(span);
  widths.push(span.getComputedTextLength());
}
return widths;
"""


@pytest.mark.needs("chromium")
def test_a_browser_reads_the_font_out_of_the_figure(tmp_path: Path) -> None:
    scene = Scene(200, 40, (Label(20, 20, Symbol("w", "ℓ")), Label(80, 20, Symbol("∂"))), "t", "d")
    found = measured(f"<!DOCTYPE html><html><body>{scene.svg()}</body></html>", GLYPHS, tmp_path)
    assert found == pytest.approx([100 * MARKS[each] for each in "wℓ∂"], abs=1.0)


def test_the_automatic_theme_is_light_or_dark_by_the_readers_screen_and_a_page_may_set_its_colours() -> None:
    dark_of: dict[str, set[str]] = {}
    for role, light in THEMES["light"].items():
        dark_of.setdefault(light, set()).add(THEMES["dark"][role])
    assert all(len(darks) == 1 for darks in dark_of.values())  # so that an attribute says which colour it is
    elements = (Line(((0, 0), (50, 20)), "forward", arrow=True), Rect(1, 1, 5, 5), Label(20, 20, "x", "w"))
    scene = Scene(100, 40, elements, "t", "d")
    drawn, light = scene.svg("auto"), scene.svg()
    style = re.search("<style>(.*)</style>", drawn)
    assert style is not None
    without = re.sub(' id="figure-[0-9a-f]+"(?= viewBox)', "", drawn.replace(style[0], ""))
    assert without == light  # what knows no CSS shows the light one
    screens = style[1].split("@media(prefers-color-scheme:dark)")
    for role in ("forward", "ink", "w", "paper"):
        for screen, theme in zip(screens, ("light", "dark")):
            assert f"--{role}:var(--chainrule-{role},{THEMES[theme][role]});" in screen
    assert THEMES["light"]["z"] not in drawn


def test_shapes_say_which_quantity_they_show(chain: cr.Network) -> None:
    net = cr.Network.random([2, 3, 2], seed=0)
    for name in ("network", "unit_circuit", "computation_tree", "number_lines"):
        for network, x, y in ((net, [0.1, 0.2], [1.0, 0.0]), (chain, [0.6], [1.0])):
            scene = figure(name, network, x, y)
            shown = {each.of for each in scene.elements if each.of}
            assert {parse(each, network.parameters).kind for each in shown} >= {"x" if name == "network" else "w", "a"}
            for each in shown:
                assert f' data-of="{each}"' in scene.svg()
    values = forward(net, np.array([0.1, 0.2]))
    drawn = figure("network", net, [0.1, 0.2], [1.0, 0.0])
    above = {each.of: str(each.text) for each in drawn.labels() if each.role == "forward" and each.of}
    assert above == {
        f"a/{l}/{j}" if l else f"x/{j}": short(float(v)) for l in (0, 1, 2) for j, v in enumerate(values.a[l])
    }


def test_a_network_is_drawn_again_in_the_frame_of_a_picture_before() -> None:
    data = cr.load_data("digits")
    net = cr.Network.random([64, 30, 10], "relu", "softmax", seed=0)
    rows = [(np.asarray(data.inputs[i]), data.targets[i]) for i in (0, 1)]
    first, other = (figure("network", net, *row, edges="weight") for row in rows)
    again = figure("network", net, *rows[1], edges="weight", frame=first.frame)
    neurons = lambda scene: {
        each.of: (each.x, each.y) for each in scene.elements if isinstance(each, Circle) and each.of
    }
    assert neurons(first) == neurons(again) != neurons(other)
    widths = lambda scene: {each.of: each.width for each in scene.elements if isinstance(each, Line) and each.of}
    assert widths(first) == widths(again) != widths(other)  # edges are as wide as |w|, whatever the row
    neuron = next(each for each in neurons(first) if each.startswith("a/1/"))
    lit = figure("network", net, *rows[1], by=neuron, frame=first.frame)  # its edges are those of the frame
    assert neurons(lit) == neurons(first)
    plain = figure("network", net, *rows[0])
    after = figure("network", net, *rows[1], by=neuron.replace("a", "z"), frame=plain.frame)
    assert any(
        each.dashed for each in after.elements if isinstance(each, Line) and each.of.startswith("w/")
    )  # the gradient
    for told in ({"edges": "gradient"}, {"layer": 1}, {"bias_units": True}):
        with pytest.raises(cr.SettingError, match="frame"):
            figure("network", net, *rows[1], frame=first.frame, **told)
    with pytest.raises(cr.SettingError, match="frame"):
        figure("network", net, *rows[1], frame=1)


def test_every_figure_of_an_example_says_its_cost_once() -> None:
    net = cr.Network.random([2, 3, 2], "tanh", "sigmoid", seed=2)
    for each in FIGURES.values():
        if each.of == "example":
            said = [
                label
                for label in each.draw(net, [0.5, -1.0], [1.0, 0.0]).labels()
                if "(quadratic) = " in str(label.text)
            ]
            assert len(said) == 1, each.name
    network = figure("network", net, [0.5, -1.0], [1.0, 0.0])
    (said,) = [label for label in network.labels() if "(quadratic) = " in str(label.text)]
    assert said.y < 60  # below its title


def test_a_table_is_worked_out_when_it_is_asked_for() -> None:
    asked = []
    scene = Scene(100, 40, (), "t", "d", lambda: asked.append(1) or (("name", "value"),))
    assert not asked
    assert scene.table == scene.table == (("name", "value"),)
    assert asked == [1]


def test_a_figure_that_is_not_there_or_an_option_it_does_not_take_is_said() -> None:
    net = cr.Network.random([2, 3, 2], seed=0)
    with pytest.raises(cr.UnknownNameError, match="did you mean 'demon'"):
        figure("damon", net, [0.1, 0.2], 1)
    with pytest.raises(cr.SettingError, match="the figure demon takes by, low, high, steps"):
        figure("demon", net, [0.1, 0.2], 1, edges="weight")
    with pytest.raises(cr.ShapeError, match=r"pass x\[i\], y\[i\]"):
        figure("demon", net, [[0.1, 0.2]], [1])
    with pytest.raises(cr.ShapeError, match="is drawn of an example"):
        figure("network", net)


@pytest.mark.parametrize("preset", ["s0", "s1", "s4"])
def test_the_small_figures_are_clean_in_the_other_presets_too(preset: str) -> None:
    for size, each in itertools.product(gallery.sizes()[:2], FIGURES.values()):
        if each.name not in ("summary", "unrolled", "whole_circuit"):
            x, y = (size.x, size.y) if each.rows else size.one
            scene = figure(each.name, size.network, x, y, convention=preset)
            assert scene.overlapping() == [], (each.name, size.name)
            assert scene.clipped() == [], (each.name, size.name)


HIDDEN = """
const found = [], texts = document.querySelectorAll('svg text');
document.querySelectorAll('svg').forEach((svg, i) => {
  const page = svg.getBoundingClientRect();
  svg.querySelectorAll('text').forEach(text => {
    const box = text.getBoundingClientRect();
    const across = box.left >= page.left - 1 && box.right <= page.right + 1;
    const inside = across && box.top >= page.top - 1 && box.bottom <= page.bottom + 1;
    if (text.textContent.trim() && !(box.width > 0 && inside)) found.push([i, text.textContent]);
  });
});
return {hidden: found, count: texts.length};
"""


@pytest.mark.needs("chromium")
def test_every_label_is_visible_in_chromium(pieces, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Issue, Shows 3: with the fonts of a browser, each text has a width and lies inside its figure."""
    drawn = [piece for piece in pieces if piece.scene is not None]
    cut = Scene(60, 40, (Label(50, 20, "a label that is cut off"),), "cut", "a figure that must be found")
    body = "".join(f"<div>{scene.svg()}</div>" for scene in [*(piece.scene for piece in drawn), cut])
    found = measured(f"<!DOCTYPE html><html><body>{body}</body></html>", HIDDEN, tmp_path)
    assert found["count"] == sum(piece.scene.svg().count("<text") for piece in drawn) + 1
    assert found["hidden"] == [[len(drawn), "a label that is cut off"]]


def test_the_summary_of_a_network_with_a_softmax_writes_its_matrix() -> None:
    """S2.18: ⊙ σ′ is the diagonal case of Σ′."""
    net = cr.Network.random([2, 3, 2], "tanh", "softmax", seed=0)
    of_it = figure("summary", net, [0.1, 0.2], 1, convention="s2", cost="quadratic")
    assert any("Σ′" in cell for line in of_it.table for cell in line)
    assert not any("Σ′" in cell for line in figure("summary", None).table for cell in line)


def test_a_figure_without_a_target_says_that_it_needs_one(chain: cr.Network) -> None:
    with pytest.raises(cr.ShapeError, match=r"with its target y: figure\('network', network, x, y\)"):
        cr.figure("network", chain, [0.6], None)
    assert cr.figure("activation", chain, [0.6], None).svg()


@pytest.mark.parametrize(("low", "high"), [(1, 2), (-2, -1), (0, 2), (-2, 2), (0.5, 0.6)])
def test_the_steps_of_the_demon_lie_in_the_range_that_is_asked_for(chain: cr.Network, low: float, high: float) -> None:
    rows = cr.figure("demon", chain, [0.6], [1.0], by="z/2/0", low=low, high=high).table[1:]
    steps = [float(row[1].replace("−", "-")) for row in rows if row[0] in ("1", "2", "3", "best", "lowest")]
    assert len(set(steps)) >= 3
    assert all(low <= step <= high for step in steps), steps


CONTROLS = "own\x1b[31m\x00\x08\x9b\u202e\ud800\uffff\r&<name>"  # what a terminal obeys, and no XML may hold


@pytest.mark.parametrize("name", sorted(set(FIGURES) - {"unrolled"}))
def test_a_control_character_in_a_name_breaks_no_figure(name: str) -> None:
    own = cr.activation(lambda z, m: m.tanh(z), CONTROLS, formula=CONTROLS)
    cost = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4), CONTROLS, formula=CONTROLS)
    network = cr.Network([[[0.5] * 3] * 4, [[0.3] * 4] * 3], None, [own, own])
    x, y = np.array([[0.1, 0.2, -0.3]] * 2), np.eye(3)[[0, 1]]
    svg = figure(name, network, *((x, y) if FIGURES[name].rows else (x[0], y[0])), cost=cost).svg()
    ET.fromstring(svg.encode())
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", svg)


def test_a_control_character_in_a_name_breaks_no_derivation() -> None:
    own = cr.activation(lambda z, m: m.tanh(z), CONTROLS, formula=CONTROLS)
    cost = cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4), CONTROLS, formula=CONTROLS)
    network = cr.Network([[[0.5]], [[0.3]]], None, [own, "identity"])
    found = cr.explain(network, [1.0], [0.5], "w/1/0/0", cost=cost)
    ET.fromstring(found.html().encode())
    ET.fromstring(worksheet(network, [1.0], [0.5], cost=cost).html().encode())
    for text in (found.html(), found.latex(), worksheet(network, [1.0], [0.5], cost=cost).latex()):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


def test_the_halo_of_an_index_does_not_cover_its_letter() -> None:
    """Each piece's halo is painted over the piece before it: w with an index read as u."""
    label = Label(50, 50, Symbol("w", "2", "01"), halo=True)
    svg = Scene.around([label], 20, "t", "d", (), "t").svg()
    with_halo, without = re.findall(r"<text [^>]*>(?:(?!</text>).)*</text>", svg)
    assert 'stroke-width="6"' in with_halo
    assert 'aria-hidden="true"' in with_halo
    assert "stroke" not in without
    plain = Scene.around([dataclasses.replace(label, text="w")], 20, "t", "d", (), "t").svg()
    assert plain.count("<text ") == 1
