"""What experiments' processes are forked from, with the former sampling put back."""

import transferpain.experiments.executors.preload  # noqa: F401
from tests.former_sampling import put_back

put_back()
