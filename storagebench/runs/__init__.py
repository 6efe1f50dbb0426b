"""The course of a run of each family, from its plan to its folder; free of pytest."""
