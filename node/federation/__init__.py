"""What other nodes ask of this one over HTTP: one module per resource, and the edge before them."""
