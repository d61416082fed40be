"""The Thumbnail step, which has its own container image."""
