"""What the tests stand on: real processes on ports of their own."""
