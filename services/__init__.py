"""One folder a worker, the same names inside; siblings meet at the database and the queue only."""
