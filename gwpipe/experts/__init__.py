"""Scripted controllers that read the simulator's state: which tasks have one."""

EXPERTS = {"push_green": "gwpipe.experts.push_green:PushGreen"}
"""Task → "module:class" of its expert. A new one is a file and a line here."""
