"""Log, metrics, traces and the vital signs of the process."""
