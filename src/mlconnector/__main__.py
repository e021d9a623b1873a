"""`python -m mlconnector` is `ml-connector`."""

from mlconnector.cli import main

main()
