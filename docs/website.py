"""Makes the site of the pages in docs/: `python docs/website.py [--links]`, after `make docs` has fetched Sphinx.

A warning is an error: a link that leads nowhere, a page that is in no list, a docstring that cannot be read. With
`--links` every address outside is asked for as well, which takes the network and some minutes.
"""

import sys
from pathlib import Path

from sphinx.cmd.build import build_main

DOCS = Path(__file__).parent
BUILD = DOCS.parent / "build"


def build(builder: str, out: Path) -> int:
    """Run a builder of Sphinx over the pages, and return its exit code."""
    kept = ["-d", str(BUILD / "docs-read")]
    return build_main(["-q", "-E", "-W", "--keep-going", *kept, "-b", builder, str(DOCS), str(out)])


if __name__ == "__main__":
    failed = build("html", BUILD / "docs")
    if not failed:
        print(BUILD / "docs" / "index.html")
    if not failed and "--links" in sys.argv:
        failed = build("linkcheck", BUILD / "links")
        print(BUILD / "links" / "output.txt")
    sys.exit(failed)
