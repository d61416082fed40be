"""Keep the garbage collector out of a cold start.

A handler imports this before all else of ours, and calls `over` behind its imports. In between
hundreds of modules are loaded and nothing becomes garbage: to look through it all again and again
takes a tenth of the time.
"""

import gc

gc.disable()


def over() -> None:
    """Collect from now on, but never look at what is there by now: it stays as long as we do."""
    gc.freeze()
    gc.enable()
