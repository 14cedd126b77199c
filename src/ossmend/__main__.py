"""`python -m ossmend` is `ossmend`: hands over to daemon/cli.py."""

from ossmend.daemon.cli import main

if __name__ == "__main__":
    main()
