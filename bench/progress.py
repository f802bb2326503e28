"""Where the benchmark has got to, on standard error."""

import sys
import time

_BEGAN = time.monotonic()


def tell(text: str) -> None:
    """Say what begins now."""
    seconds = int(time.monotonic() - _BEGAN)
    print(f"[{seconds // 60:3}:{seconds % 60:02}] {text}", file=sys.stderr, flush=True)
