"""Files of earlier versions are read as they are written today."""

from pathlib import Path
from typing import Any

from transferpain.core.schema import SCHEMA
from transferpain.strategies.common.stated import read_stated_experiment
from transferpain.strategies.registry import STRATEGIES

# What schema 1, the files without `schema`, called otherwise; former names of strategies are known to their registry.
FORMER_KEYS = {"cut": "feature_layer"}


def upgrade_experiment(values: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of an experiment, or of changes to one, as they are spelt today."""
    upgraded = {
        today if (today := FORMER_KEYS.get(key, key)) == key or today not in values else key: value
        for key, value in values.items()
    }
    return upgraded | {"schema": SCHEMA} if upgraded.get("schema") == 1 else upgraded


def read_experiment(run: Path) -> dict[str, Any]:
    """Return the experiment of a run's folder, with every default filled in, as it is spelt today.

    Raises:
        UserError: if it cannot be used, a later version wrote it, or its strategy is unknown.
    """
    values = read_stated_experiment(run / "experiment.yaml", {1: upgrade_experiment})
    return values | {"strategy": STRATEGIES.find(values["strategy"]).name}
