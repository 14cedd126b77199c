"""Tells people what was found: a durable outbox (outbox.py), and one file for each channel.

A channel is one file here, with its settings in the file of the same name in config/channels/.
"""
