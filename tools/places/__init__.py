"""Make images/places/places.bin from open data: see __main__.py."""
