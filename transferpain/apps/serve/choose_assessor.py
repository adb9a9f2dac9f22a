"""Which assessor a bundle needs: one network, or the three models of the hybrid strategy."""

from pathlib import Path

from transferpain.apps.serve.assessor import Assessor
from transferpain.apps.serve.cnn_assessor import CnnAssessor
from transferpain.apps.serve.hybrid_assessor import HybridAssessor
from transferpain.models.bundles.manifest import load_manifest
from transferpain.strategies.hybrid.bundle import is_hybrid


def load_assessor(folder: Path) -> Assessor:
    """Return the assessor that a bundle needs; loading takes seconds.

    Raises:
        UserError: if it is no intact bundle that tells pain from none.
    """
    if is_hybrid(load_manifest(folder)):
        return HybridAssessor(folder)
    return CnnAssessor(folder)
