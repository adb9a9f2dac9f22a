"""Transfer learning for recognising pain in faces: staged, subject-wise, repeatable.

The public Python API, for a notebook; `docs/python.md` shows it. A name is imported when it is first asked for, so that
`import transferpain` costs nothing.
"""

from importlib import import_module

__version__ = "2.0.0"

# Public name -> the module that it stands in.
_MODULES = {
    "draw_twin": "transferpain.experiments.notebook.clips",
    "load_dataset": "transferpain.experiments.notebook.clips",
    "Clips": "transferpain.experiments.notebook.clips",
    "label": "transferpain.experiments.notebook.samples",
    "Samples": "transferpain.experiments.notebook.samples",
    "extract": "transferpain.experiments.notebook.features",
    "Features": "transferpain.experiments.notebook.features",
    "protocol": "transferpain.experiments.notebook.cross_validation",
    "cross_validate": "transferpain.experiments.notebook.cross_validation",
    "report": "transferpain.reports.predictions",
    "load_model": "transferpain.apps.predict.loaded_model",
    "HeadClassifier": "transferpain.networks.heads.estimator",
    "UserError": "transferpain.core.errors",
}

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
