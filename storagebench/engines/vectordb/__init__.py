"""The vector-database engine: vectors from a seed, exact neighbours, databases behind one protocol, queries by the clock."""
