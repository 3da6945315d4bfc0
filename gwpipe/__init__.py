"""GW-Dreamer: agents that dream inside a Global Workspace, as a reproducible pipeline."""

__version__ = "0.1.0"
