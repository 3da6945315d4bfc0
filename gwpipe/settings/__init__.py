"""The typed configuration: the only place that knows its keys."""

from gwpipe.settings.config import ENVIRONMENTS, Config, load, resolve

__all__ = ["ENVIRONMENTS", "Config", "load", "resolve"]
