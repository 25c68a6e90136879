"""The pages of the evaluation: scores with their lists, and the analysis of what stands out."""
