"""The KV-cache engine: a plan made of a seed, executed against a storage, counted in one fixed window."""
