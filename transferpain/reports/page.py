"""What reports write alike: a page from a template, and a table as CSV."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from transferpain.core.csv_file import csv_text
from transferpain.core.store import write_text

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def render(template: str, **values: object) -> str:
    """Return the page of a template in `templates/`; text is escaped, and a value that is not given is an error."""
    return load_template(template).render(**values)


def load_template(
    name: str,
    escape: Callable[[object], str] | None = None,
    filters: Mapping[str, Callable[..., object]] | None = None,
) -> "Template":
    """Return a template in `templates/`, in which a value that is not given is an error.

    Args:
        name: of its file.
        escape: how text is escaped in a file that is no HTML; `None`: as HTML.
        filters: by their names, in addition to jinja2's own.
    """
    return _environment(escape, tuple((filters or {}).items())).get_template(name)


@cache
def _environment(
    escape: Callable[[object], str] | None, filters: tuple[tuple[str, Callable[..., object]], ...]
) -> "Environment":
    """Return what reads and keeps the templates of one kind: to translate one takes longer than to fill it."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("transferpain.reports", "templates"),
        autoescape=escape is None,
        finalize=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment


@cache
def inline_script(name: str) -> tuple[str, str]:
    """Return a script in `templates/` and its SHA-256 in base64: the page's policy lets no other script run."""
    text = resources.files("transferpain.reports").joinpath("templates", name).read_text(encoding="utf-8")
    return text, base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table with six decimals."""
    write_text(path, csv_text(table, float_format="%.6f"))
