"""`inputs.json` of a report: what its page was made of. It is written anew unless that is what it would be made of."""

import json
from pathlib import Path
from typing import Any

from transferpain.core.store import json_text, read_json


def says(record: Path, inputs: dict[str, Any]) -> bool:
    """Tell whether the record of a report states these inputs; one that is missing or damaged does not."""
    try:
        return read_json(record) == json.loads(json_text(inputs))
    except (OSError, ValueError, RecursionError):
        return False
