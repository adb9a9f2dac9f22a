"""Files of earlier versions are read as they are written today."""

from typing import Any

SCHEMA = 2
# What schema 1, the files without `schema`, called otherwise; former names of strategies are known to their registry.
FORMER_KEYS = {"cut": "feature_layer"}


def upgrade_experiment(values: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of an experiment, or of changes to one, as they are spelt today."""
    upgraded = {
        today if (today := FORMER_KEYS.get(key, key)) == key or today not in values else key: value
        for key, value in values.items()
    }
    return upgraded | {"schema": SCHEMA} if upgraded.get("schema") == 1 else upgraded
