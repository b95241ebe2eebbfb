"""What anybody may open with a browser: pages without JavaScript, which carry nothing personal."""
