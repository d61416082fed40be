"""The Extract step, which has its own container image."""
