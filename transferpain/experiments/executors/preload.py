"""What every cell imports, imported once: by the process that the cells' processes are forked from.

Nothing is computed here, and no device asked for: a fork after TensorFlow or a GPU's driver has started can hang.
"""

from transferpain.core.quiet import importing_keras

with importing_keras():
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

import transferpain.experiments.leakage.checks
import transferpain.experiments.results
import transferpain.experiments.runner
import transferpain.strategies.federated.training
import transferpain.strategies.frozen.nested
import transferpain.strategies.frozen.training
import transferpain.strategies.frozen.transfer_scores  # noqa: F401
