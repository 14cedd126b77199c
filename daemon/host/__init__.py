"""The machine around us: its clock, its service manager, our log and what may be shown in it."""
