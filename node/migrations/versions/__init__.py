"""One module for each change of shape; never altered once released."""
