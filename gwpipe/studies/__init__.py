"""Measurements on trained representations, in units a person understands."""
