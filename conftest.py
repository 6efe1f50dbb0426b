"""Everything pytest needs to know of this project is in its plugin."""

pytest_plugins = ["storagebench.plugin"]
