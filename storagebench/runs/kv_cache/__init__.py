"""The course of a KV-cache run."""
