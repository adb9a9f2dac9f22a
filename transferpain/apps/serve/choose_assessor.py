"""Which assessor a bundle needs: one network, a head with its source, or the three models of the hybrid strategy."""

from pathlib import Path

from transferpain.apps.serve.assessor import Assessor
from transferpain.apps.serve.cnn_assessor import CnnAssessor
from transferpain.apps.serve.head_assessor import HeadAssessor
from transferpain.apps.serve.hybrid_assessor import HybridAssessor
from transferpain.models.bundles.manifest import read_contents, split_digest
from transferpain.strategies.frozen.joined import reads_features
from transferpain.strategies.hybrid.bundle import is_hybrid


def load_assessor(address: str | Path) -> Assessor:
    """Return the assessor that a bundle needs; loading takes seconds.

    Args:
        address: its folder, with `#sha256=<digest>` where its origin is to be proved.

    Raises:
        UserError: if it is no intact bundle that tells pain from none.
    """
    place, digest = split_digest(str(address))
    contents = read_contents(Path(place), digest)
    if is_hybrid(contents.manifest):
        return HybridAssessor(contents)
    return HeadAssessor(contents) if reads_features(contents.manifest) else CnnAssessor(contents)
