"""Make a cold start shorter: what a handler imports between this module and `over`.

A handler imports this module first, and calls `over` after its other imports. In between

- the garbage collector is stopped: hundreds of modules are loaded and nothing becomes garbage, but
  collecting takes a tenth of the time;
- regular expressions come compiled from the image (`shared.patterns`);
- modules that hardly a start needs are imported at their first use (`shared.deferred`).

docs/decisions/0034-what-a-cold-start-leaves-out.md has what each of them saves.
"""

import gc

gc.disable()

from shared import patterns  # noqa: E402  # without the collector
from shared.deferred import Deferral  # noqa: E402  # as above

patterns.use()
_deferral = Deferral()
_deferral.start()


def over() -> None:
    """Import and collect as usual from here on, without the objects that exist now.

    None of them is freed.
    """
    _deferral.stop()
    gc.freeze()
    gc.enable()
