"""The page's JavaScript modules as one script: in the order of their imports, every name and every import checked.

A script that stands in the page itself can import nothing, so the modules are put one after the other. What they declare at top
level then shares one scope: each name may be declared once in all of them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

IMPORT = re.compile(r"""^import\s*\{([^}]*)\}\s*from\s*["'](\.{1,2}/[^"']+)["'];[ \t]*\n?""", re.MULTILINE)
OTHER_IMPORT = re.compile(r"^import\b.*", re.MULTILINE)
EXPORTED = re.compile(r"^export\s+(?:async\s+)?(?:function\s*\*?|const|let|class)\s+([\w$]+)", re.MULTILINE)
OTHER_EXPORT = re.compile(
    r"^export\b(?!\s+(?:async\s+)?(?:function\b|const\s+[\w$]|let\s+[\w$]|class\s)).*", re.MULTILINE
)
NAMED = re.compile(r"^(?:export\s+)?(?:async\s+)?(?:function\s*\*?|const|let|var|class)\s+([\w$]+)", re.MULTILINE)
TAKEN_APART = re.compile(r"^(?:const|let|var)\s*[{\[]([^}\]]*)[}\]]\s*=", re.MULTILINE)  # const { exp, log } = Math;
ENDS_SCRIPT = re.compile(r"</script|<!--", re.IGNORECASE)
MAIN = "main.js"


class BundleError(Exception):
    """Modules that cannot become one script: a fault in them, never in what a user gives."""


@dataclass(frozen=True)
class Module:
    """A module's name, as engine.js or views/network.js, and its text."""

    name: str
    text: str

    @property
    def imports(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each module that it imports from, and which names, each with what it is called here."""
        for found in IMPORT.finditer(self.text):
            pairs = (each.strip().partition(" as ") for each in found[1].split(",") if each.strip())
            names = [(name.strip(), called.strip() or name.strip()) for name, _, called in pairs]
            yield posixpath.normpath(posixpath.join(posixpath.dirname(self.name), found[2])), names

    @property
    def exports(self) -> set[str]:
        return set(EXPORTED.findall(self.text))

    @property
    def declared(self) -> list[str]:
        """Every name at top level, which begins a line."""
        parts = (part for each in TAKEN_APART.findall(self.text) for part in each.split(","))
        apart = (part.partition("=")[0].rpartition(":")[2].strip() for part in parts)
        return [*NAMED.findall(self.text), *filter(None, apart), *self.renamed]

    @property
    def renamed(self) -> dict[str, str]:
        """What it imports under another name, by that name."""
        return {called: name for _, names in self.imports for name, called in names if called != name}

    @property
    def body(self) -> str:
        """Its text without imports and without the word export; what it calls otherwise stands before it."""
        renamed = "".join(f"const {called} = {name};\n" for called, name in self.renamed.items())
        return renamed + re.sub(r"^export\s+", "", IMPORT.sub("", self.text), flags=re.MULTILINE).strip()

    def check(self) -> None:
        """Raises BundleError for an import or an export of another form, and for text that would end the script."""
        for other in (OTHER_IMPORT.search(IMPORT.sub("", self.text)), OTHER_EXPORT.search(self.text)):
            if other is not None:
                raise BundleError(
                    f'{self.name}: {other[0]!r} cannot be bundled: write import {{ name }} from "./module.js"; and export '
                    "before a function, a const or a class"
                )
        if ends := ENDS_SCRIPT.search(self.text):
            raise BundleError(f"{self.name} holds {ends[0]!r}, which would end the script in the page")


def shipped() -> dict[str, str]:
    """The modules beside this file by their names."""
    return dict(_modules(resources.files("chainrule.explorer").joinpath("web"), ""))


def _modules(folder: Traversable, before: str) -> Iterator[tuple[str, str]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _modules(each, f"{before}{each.name}/")
        elif each.name.endswith(".js"):
            yield f"{before}{each.name}", each.read_text(encoding="utf-8")


def style() -> str:
    """The page's style sheets as one, style.css first."""
    folder = resources.files("chainrule.explorer").joinpath("web")
    sheets = [each for each in folder.iterdir() if each.name.endswith(".css")]
    ordered = sorted(sheets, key=lambda each: (each.name != "style.css", each.name))
    return "\n".join(each.read_text(encoding="utf-8") for each in ordered)


def bundle(modules: Mapping[str, str], main: str = MAIN) -> str:
    """One script of the module `main` and what it imports, each module before those that import it.

    Raises BundleError for a module that is not there, an import that no module exports, modules that import each other, and a
    name that two modules declare.
    """
    ordered = _in_order(modules, main)
    _check_imports(ordered)
    _check_names(ordered)
    return "\n\n".join(each.body for each in ordered) + "\n"


def _in_order(modules: Mapping[str, str], main: str) -> list[Module]:
    """The modules that are needed, imported ones first."""
    done: dict[str, Module] = {}

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            raise BundleError(f"modules import each other: {' → '.join((*way[way.index(name) :], name))}")
        if name in done:
            return
        if name not in modules:
            raise BundleError(f"{way[-1] if way else 'the page'} imports {name}, and there is no such module")
        module = Module(name, modules[name])
        module.check()
        for other, _ in module.imports:
            visit(other, (*way, name))
        done[name] = module

    visit(main, ())
    return list(done.values())


def _check_imports(ordered: list[Module]) -> None:
    exports = {each.name: each.exports for each in ordered}
    for module in ordered:
        for other, names in module.imports:
            for name, _ in names:
                if name not in exports[other]:
                    raise BundleError(f"{module.name} imports {name} from {other}, which does not export it")


def _check_names(ordered: list[Module]) -> None:
    homes: dict[str, str] = {}
    for module in ordered:
        for name in module.declared:
            if name in homes:
                raise BundleError(f"{name} is declared in {homes[name]} and again in {module.name}: rename one of them")
            homes[name] = module.name
