"""Everything lives in the plugin; pytester is for the project's own tests."""

pytest_plugins = ["storagebench.plugin", "pytester"]
