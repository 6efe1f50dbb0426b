"""File formats of training data: each knows where its samples are and how to write a file of them."""
