"""Looking after a run while it goes on: time series of every host, and a watchdog for runs that stand still."""
