"""What all three functions share: contracts, errors, keys, limits, the photo store, settings."""
