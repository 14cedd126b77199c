"""What the configuration needs of RAM, and whether it has it.

Configuration -> needs (needs.py) -> a policy document (document.py); and the way back: what is attached -> is a need
met (judge.py, and live.py, which asks the cloud)?
"""
