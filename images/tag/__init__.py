"""The Tag step: one container image."""
