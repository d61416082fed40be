"""HEIC and AVIF: files of boxes (ISO base media), in which items are pictures and metadata."""
