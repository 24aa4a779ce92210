"""What would be done, shown before it is: plan, on demand, comparison, test of a connection (R19)."""
