"""The pages of a node, for the people who decide.

A page reads and does nothing by itself: it asks the local API (`node.api`) as whoever is signed in.
"""
