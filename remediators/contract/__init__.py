"""The contract between the daemon and the remediators, in building order: nobody imports upward.

values.py and answers.py (what can be asked about), write.py (what may be changed), case.py (what happened), verdict.py
(what it means and what follows), view.py (what may be asked), settings.py and registry.py (how a remediator is known).
"""
