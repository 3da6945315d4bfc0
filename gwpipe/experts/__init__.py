"""Scripted controllers that read the simulator's state; `gwpipe/settings/experts.py` says which tasks have one."""
