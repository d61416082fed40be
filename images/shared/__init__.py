"""Modules that every step needs: contracts, errors, keys, limits, the photo store, settings."""
