"""`python -m ossmend` is `ossmend`: hands over to daemon/commands/main.py."""

from ossmend.daemon.commands.main import main

if __name__ == "__main__":
    main()
