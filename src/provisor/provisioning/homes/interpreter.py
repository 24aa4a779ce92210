"""Settings of the interpreter for a process that runs the engine, measured with `python -m bench throughput`."""

import gc
import sys

#: Seconds after which a thread that computes gives way. The default of 5 ms makes each statement of the database
#: thread wait for the loop; at 1 ms a pass is about a sixth faster.
SWITCH_INTERVAL = 0.001

#: Objects made before the collector looks for cycles. A pass makes many that live until they are settled, and
#: hardly any cycle: with the default of 700 the collector costs about a tenth of a pass.
COLLECT_AFTER = 50_000


def tune() -> None:
    """Set both; harmless when called again."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(COLLECT_AFTER, 20, 50)
