"""Tools for the image builds. No image contains them."""
