"""Figures: a file each, drawn from numbers and pictures that `gwpipe.studies` made."""
