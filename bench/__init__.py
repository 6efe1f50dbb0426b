"""Comparisons with fio, DLIO and upstream's checker: each module is one command; README.md says what each measures."""
