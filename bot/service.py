"""Starts the parts, runs them until told to stop, and takes them down in order."""
