"""Training costs: counting them, the paper's printed numbers, and the tables that set one beside the other."""
