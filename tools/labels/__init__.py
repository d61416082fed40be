"""Makes what images/tag/embedded/ runs: the networks, and the table of labels."""

import local  # noqa: F401  # puts images/ on the path, as the handlers' imports want it
