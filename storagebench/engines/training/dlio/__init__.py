"""DLIO as an engine: an installed `dlio_benchmark`, in its own interpreter, driven and read by us.

Our side finds out what the installation can do (`installation`), writes its configuration or refuses (`configuration`),
starts it as the ranks of a job (`engine`) and turns what it left into the outcome of a run (`results`). The other side,
`inside`, runs in DLIO's interpreter.
"""
