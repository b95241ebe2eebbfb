"""The Comity node: what one community runs."""
