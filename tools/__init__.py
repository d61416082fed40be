"""Programs that make and check committed files. No image contains them."""
