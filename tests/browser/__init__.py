"""The pages in a real browser (Debian's Chromium), before real nodes: `make test-browser`."""
