"""What the user permits of a dataset with a layout of its own: a file `dataset.yaml` in its folder."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.validation import describe_fault
from transferpain.core.yaml_file import read_yaml
from transferpain.data.media.links import PERMIT


class Permit(BaseModel):
    """What `dataset.yaml` may state.

    Attributes:
        allow_links: follow links that lead out of the data root; the dataset's own folder may be one in any case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    allow_links: bool = False


def read_permit(folder: Path) -> Permit:
    """Read what the user permits of the dataset in a folder: nothing where there is no such file.

    Raises:
        UserError: if the file is damaged, or states anything else.
    """
    path = folder / PERMIT
    if not path.is_file():
        return Permit()
    try:
        values = read_yaml(path) or {}
        if not isinstance(values, dict):
            raise ValueError("it holds no mapping of keys")
        return Permit(**values)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be used.",
            rule=f"For a dataset that is known it is a YAML file with {', '.join(Permit.model_fields)}: all else is "
            "known of it.",
            received=describe_fault(error, values, Permit) if isinstance(error, ValidationError) else error,
            todo="Correct it, or remove it.",
        ) from error
