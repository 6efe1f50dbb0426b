"""Writing and reading checkpoints of large models with memory that does not grow with the model."""
