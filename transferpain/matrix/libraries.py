"""What every cell imports, imported once: by the process that the cells' processes are forked from.

Nothing is computed here, and no device asked for: a fork after TensorFlow or a GPU's driver has started can hang.
"""

from transferpain.quiet import standard_error_silenced

with standard_error_silenced():
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

import transferpain.leakage.checks
import transferpain.results
import transferpain.runner
import transferpain.strategies.frozen
import transferpain.strategies.nested
import transferpain.strategies.transfer_scores  # noqa: F401
