"""Rate limits, where they are counted, and whom they are counted for."""
