"""Studies of how data quality affects a model: arms, matched runs, measures, statistics and the report."""
