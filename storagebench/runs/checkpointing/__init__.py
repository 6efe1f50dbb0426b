"""A checkpointing run: one invocation that writes and reads, or one of two."""
