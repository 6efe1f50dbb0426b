"""What runs a benchmark: the native engines, one folder for each family of workloads."""
