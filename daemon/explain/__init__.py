"""Any text -> what it means, for a person who has pasted an error."""

from ossmend.daemon.explain.text import explain_text

__all__ = ["explain_text"]
