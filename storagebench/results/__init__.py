"""What is published of a submission: one row for each result, in the columns of its edition."""
