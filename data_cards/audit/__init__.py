"""What an auditor asks of a run: the report, one page; and the live pages of `gristmill audit`."""
