"""Places in words: a position in, a place out, from the file places.bin. No network, no AWS."""
