"""What the private check costs, in ratios that hold on any machine."""
