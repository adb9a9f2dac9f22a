"""Small folders in the layout of 3DPain."""

import json
from pathlib import Path

from tests.data.datasets.trees import touch

UNITS = {"AU4": 2, "AU6": 1, "AU7": 3, "AU9": 0, "AU10": 4, "AU43": 1}  # 2 + max(1, 3) + max(0, 4) + 1
SCORE = 10


def picture(face: str, view: int, ending: str = "jpg") -> str:
    return f"meshes_inpainted/{face}_textured_view_{view:03d}_inpainted.{ending}"


def annotate(top: Path, face: str, content: dict | bytes) -> Path:
    path = top / "annotations" / f"{face}_annotations.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def make_pain3d(top: Path, people: int = 2, faces: int = 2, views: int = 3) -> None:
    """Write empty pictures, and annotations of PSPI 10; of each person a neutral face, too."""
    for person in range(people):
        names = [f"flame_sample_{person:04d}_pain_{face}" for face in range(1, faces + 1)]
        for name in names:
            annotate(top, name, UNITS | {"PSPI": SCORE})
        for name in [*names, f"flame_sample_{person:04d}_neutral"]:
            for view in range(views):
                touch(top / picture(name, view))
