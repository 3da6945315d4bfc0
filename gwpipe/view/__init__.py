"""Looking at runs and results, from files alone: what was asked for, how far it is, and how artefacts came to be."""
