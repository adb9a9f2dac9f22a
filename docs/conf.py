"""How Sphinx makes the site of these pages: `make docs`."""

import os
import re
from pathlib import Path

import transferpain

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")

project = "transferpain"
release = version = transferpain.__version__
author = "the maintainers of transferpain"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
root_doc = "index"
suppress_warnings = ["misc.highlighting_failure"]  # Pygments knows no CSV

# Headings are reached by the names that code forges give them, so that a link works in both places.
myst_heading_anchors = 4
# Pages of the site that hold what stands elsewhere in the repository.
ELSEWHERE = {"changelog": "CHANGELOG.md", "third-party": "THIRD_PARTY.md", "benchmarks": "benchmarks/README.md"}

default_role = "code"  # docstrings mark code by single backticks
autodoc_typehints = "none"  # the signature has them
autodoc_member_order = "bysource"
add_module_names = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "transferpain"
html_sidebars = {"**": ["globaltoc.html"], "index": []}  # all pages, under the headings of index.md
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_center": [],
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["sphinx-version"],
    "footer_end": ["theme-version"],
}

linkcheck_timeout = 20
linkcheck_retries = 2


def read(app, docname: str, source: list[str]) -> None:
    """Put what stands elsewhere into its page, and let links lead to pages of the site, or to files as they are."""
    file = ELSEWHERE.get(docname, f"docs/{docname}.md")
    pages = {"README.md": "index.md"} | {own: f"{page}.md" for page, own in ELSEWHERE.items()}

    def led(match: re.Match) -> str:
        target = os.path.normpath(os.path.join(os.path.dirname(file), match[1]))
        target = pages.get(target, os.path.relpath(target, "docs"))
        is_page = target.endswith(".md") and not target.startswith("..")
        inside = os.path.relpath(target, os.path.dirname(docname))
        return f"]({inside}" if is_page or match[1].endswith((".png", ".jpg")) else f"](path:{inside}"

    text = (ROOT / file).read_text(encoding="utf-8") if docname in ELSEWHERE else source[0]
    source[0] = LINK.sub(led, text)


def skip(app, what: str, name: str, member, skipped: bool, options) -> bool | None:
    """Leave out what a class has of scikit-learn."""
    module = getattr(member, "__module__", None) or "transferpain"
    return True if not module.startswith("transferpain") else None


def setup(app) -> None:
    app.connect("source-read", read)
    app.connect("autodoc-skip-member", skip)
