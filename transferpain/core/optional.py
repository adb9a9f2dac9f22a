"""Parts of the toolkit that the lean set leaves out: what each needs, and what to say where that is not installed."""

import importlib.util
from dataclasses import dataclass

from transferpain.core.errors import UserError
from transferpain.core.registry import Registry


@dataclass(frozen=True)
class Part:
    """What needs packages that not every installation has.

    Attributes:
        name: of the extra in pyproject.toml.
        title: at the beginning of a sentence.
        modules: that it imports.
        requirements: what brings them, pinned as in requirements.txt.
        full: whether `make setup` installs it.
    """

    name: str
    title: str
    modules: tuple[str, ...]
    requirements: tuple[str, ...]
    full: bool = True


PARTS = Registry(
    "optional part",
    [
        Part(
            "face-alignment",
            "The detector face_alignment",
            ("torch", "face_alignment"),
            ("torch==2.13.0", "face-alignment==1.5.0"),
        ),
        Part("edge", "OpenVINO, which runs converted networks,", ("openvino",), ("openvino==2026.4.1",)),
        Part(
            "server",
            "The server",
            ("fastapi", "uvicorn", "cryptography"),
            ("fastapi==0.165.0", "uvicorn==0.54.0", "cryptography==50.0.2"),
        ),
        Part("huggingface", "Hugging Face", ("huggingface_hub",), ("huggingface_hub>=0.24",), full=False),
        Part(
            "mlflow",
            "MLflow",
            ("mlflow", "sqlalchemy", "alembic"),
            ("mlflow-skinny==3.17.2", "sqlalchemy==2.1.9", "alembic==1.20.1"),
            full=False,
        ),
        Part("ray", "Ray", ("ray",), ("ray[default]==2.60.0",), full=False),
    ],
)


def missing_modules(name: str) -> list[str]:
    """Return the modules of a part that cannot be imported here; none is imported.

    Args:
        name: of the part.
    """
    return [module for module in PARTS[name].modules if not _is_there(module)]


def is_installed(name: str) -> bool:
    """Tell whether all modules of a part can be imported here; none is imported."""
    return not missing_modules(name)


def require(name: str, instead: str = "") -> None:
    """Refuse to begin what needs a part that is not installed.

    Args:
        name: of the part.
        instead: what does without it, a sentence for the message.

    Raises:
        UserError: if a module of the part is missing; the message says what to install.
    """
    missing = missing_modules(name)
    if not missing:
        return
    part = PARTS[name]
    pip = f"python -m pip install {' '.join(_quoted(one) for one in part.requirements)}"
    raise UserError(
        f"{part.title} cannot be used: a package is not installed.",
        rule=f"It needs {', '.join(part.requirements)}"
        + (", which the lean set leaves out." if part.full else ", which no set installs."),
        received=f"no module {' and no module '.join(missing)}",
        todo="\n".join(
            filter(
                None,
                [f"Install {'everything with `make setup`, or this alone' if part.full else 'it'}: {pip}", instead],
            )
        ),
    )


def _quoted(requirement: str) -> str:
    return f"'{requirement}'" if set(requirement) & set(">[") else requirement


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a finder refuses it, or it is marked as one that must not be imported
        return False
