"""One file a step, oldest number first."""
