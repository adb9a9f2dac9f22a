"""What reports write alike: a page from a template, and a table as CSV."""

from pathlib import Path

import pandas as pd

from transferpain.core.store import write_text


def render(template: str, **values: object) -> str:
    """Return the page of a template in `templates/`; text is escaped, and a value that is not given is an error."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("transferpain.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table with six decimals."""
    write_text(path, table.to_csv(index=False, float_format="%.6f"))
