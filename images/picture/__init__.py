"""Pixels: a photo's bytes in, an upright sRGB picture out."""
