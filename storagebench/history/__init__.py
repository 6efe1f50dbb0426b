"""Saved runs: found below the results directory, named, filtered, and held against each other."""

from storagebench.history.shelf import Saved, Shelf, open_shelf

__all__ = ["Saved", "Shelf", "open_shelf"]
