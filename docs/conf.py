"""How Sphinx builds the documentation: ``sphinx-build -W -b html docs docs/_build/html``."""
# ruff: noqa: INP001 a script for Sphinx, not a module

from __future__ import annotations

import inspect
import os.path
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import hip_bayes

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "hip_bayes"
author = "The hip_bayes authors"
copyright = author  # noqa: A001 the name Sphinx reads
version = release = hip_bayes.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinx_click",
    "matplotlib.sphinxext.plot_directive",
]
exclude_patterns = ["_build"]
default_role = "py:obj"  # `name` in a docstring: a link where that object is documented, else its name

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

smartquotes_action = "De"  # dashes and dots; quotes in a docstring are often those of a Python text

myst_heading_anchors = 3

plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = ["svg"]
plot_rcparams = {"savefig.bbox": "tight"}

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = f"hip_bayes {version}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sphinx = False
html_copy_source = False

warnings.filterwarnings("ignore", category=FutureWarning, module="pgmpy")

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.modules["hip_bayes.plots"] = hip_bayes.plots  # the name users know it by; it is made of files of the room `views`

PAGES = {
    ROOT / "networks/README.md": "network_format.md",
    ROOT / "networks/hip_pain_runners.card.md": "model_card.md",
    ROOT / "CONTRIBUTING.md": "contributing.md",
    ROOT / "CHANGELOG.md": "changelog.md",
}
"""Files of the repository that are pages here under another name."""


def _relinked(text: str, folder: Path) -> str:
    """Return a page with its links to files of the repository, relative to `folder`, as they are to be seen from here.

    So that one link serves the repository and this site.
    """

    def link(found: re.Match[str]) -> str:
        to = Path(os.path.normpath(folder / found[1]))
        return f"]({PAGES.get(to) or os.path.relpath(to, DOCS)}{found[2] or ''})" if to.is_file() else found[0]

    return re.sub(r"\]\(([^)#:\s]+)(#[^)]*)?\)", link, text)


def _page(_: Sphinx, page: str, content: list[str]) -> None:
    content[0] = _relinked(content[0], (DOCS / page).parent)


def _included(_: Sphinx, path: Path, __: str, content: list[str]) -> None:
    content[0] = _relinked(content[0], (DOCS / path).parent)


def _of_the_package(app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: Element) -> Element | None:
    """Return the link for `Diagnosis.given` in the docstring of a module below the package."""
    if node.get("refdomain") != "py":
        return None
    name = f"{hip_bayes.__name__}.{node['reftarget']}"
    return env.domains.python_domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, shown)


def _property(_: Sphinx, what: str, __: str, prop: object, ___: object, lines: list[str]) -> None:
    """Put the docstring of a property back: napoleon takes what stands before its first colon for a type."""
    if what == "property":
        lines[:] = (inspect.getdoc(prop) or "").splitlines()


def setup(app: Sphinx) -> None:
    """Have links rewritten as a page is read, and names of the package found from anywhere in it."""
    app.connect("autodoc-process-docstring", _property, priority=501)  # napoleon: 500
    app.connect("missing-reference", _of_the_package)
    app.connect("source-read", _page)
    app.connect("include-read", _included)
