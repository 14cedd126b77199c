"""What can be set for each way to tell people, one file each; daemon/notices/ has the sender of the same name.

A new channel is these two files, and nothing else has to know of it. Next: kinds.py makes the list `notify` of them.
"""
