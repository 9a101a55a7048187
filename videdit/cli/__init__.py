"""The command line."""

from __future__ import annotations

import logging
import sys


def main() -> None:
    """Run `videdit` with the arguments of this process."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    from videdit.cli.app import run

    run(sys.argv[1:])
