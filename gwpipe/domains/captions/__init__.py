"""Captions of Simple Shapes: a grammar, what it says of given attributes, and the way back from words to attributes."""
