"""Where the bytes of images are kept; knows nothing of images but a name and their bytes."""
