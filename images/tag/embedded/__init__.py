"""Labels from a model that runs here, with no cloud."""
