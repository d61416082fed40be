"""The Extract step: one container image."""
