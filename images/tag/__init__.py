"""The Tag step, which has its own container image."""
