"""Training: datasets made, read and measured as an accelerator's data loader would read them."""
