"""The Thumbnail step: one container image."""
