"""What a vendor of storage may add to the suite: one of each kind, as small as it can be."""
