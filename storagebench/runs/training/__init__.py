"""The course of a training run."""
