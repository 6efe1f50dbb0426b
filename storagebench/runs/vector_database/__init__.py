"""The course of a vector-database run."""
