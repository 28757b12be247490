"""`python -m pipelines` is `gristmill`."""

from pipelines.cli import main

if __name__ == "__main__":
    main()
