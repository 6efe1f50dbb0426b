"""What runs in DLIO's interpreter: it needs DLIO and numpy, and nothing else of what our core needs."""
