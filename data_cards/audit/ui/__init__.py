"""The live pages of `gristmill audit`: served to this machine alone, behind a token."""
