"""Raw photos: what a camera's sensor has measured, which no step decodes.

The gallery shows the JPEG preview that the camera has put into the file. One module for each kind
of container: TIFF's directories (NEF, DNG, CR2, ARW and most others), RAF and CR3.
"""
