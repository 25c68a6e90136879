"""The leader's overview: comparisons of periods, what changed since the last look, instructions without a case, briefs."""
