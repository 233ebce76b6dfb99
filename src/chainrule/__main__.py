"""The command `chainrule`, also as `python -m chainrule`: what Ctrl-C does is settled before anything else is imported."""

from chainrule.cli import interrupt


def main() -> None:
    """Run the command."""
    interrupt.ends_at_once()
    try:
        from chainrule.cli.main import main as run  # noqa: PLC0415 (it takes a while, and Ctrl-C may come before it ends)

        run()
    finally:
        interrupt.ends_at_once()


if __name__ == "__main__":
    main()
