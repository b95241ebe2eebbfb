"""The pages, by plain HTTP and without a browser."""
