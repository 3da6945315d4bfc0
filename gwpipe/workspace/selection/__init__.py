"""Rules that choose the fusion weights: one file a rule, one line in `registry`."""
