"""Tells people what was found: a durable outbox, and one file for each channel."""
