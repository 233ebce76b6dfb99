"""The command `chainrule`, also as `python -m chainrule`: what Ctrl-C does is settled before anything else is imported."""

import os

from chainrule.cli import interrupt


def main() -> None:
    """Run the command."""
    _occupy_closed()
    interrupt.ends_at_once()
    try:
        from chainrule.cli.main import main as run  # noqa: PLC0415 (it takes a while, and Ctrl-C may come before it ends)

        run()
    finally:
        interrupt.ends_at_once()


def _occupy_closed() -> None:
    """Point the descriptors 0, 1 and 2 at nothing where they are closed: else a file may get one, and warnings end up in it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


if __name__ == "__main__":
    main()
