"""What machines say of themselves: hosts, filesystems, devices, versions; read from /proc and /sys, nothing installed."""
