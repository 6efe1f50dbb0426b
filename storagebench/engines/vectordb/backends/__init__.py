"""One module a database; what it needs is imported only when it is used."""
