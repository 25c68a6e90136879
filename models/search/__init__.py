"""Full-text search that knows Chinese: what a text is cut into, where that is kept, how it is asked for."""
