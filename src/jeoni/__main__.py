"""``python -m jeoni`` is ``jeoni``."""

from jeoni.cli import main

if __name__ == "__main__":
    main()
