"""What can be set for each kind of source, one file each; daemon/sources/ has the reader of the same name.

A new source is these two files, and nothing else has to know of it. Next: kinds.py makes the list `sources` of them.
"""
