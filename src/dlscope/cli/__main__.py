"""`python -m dlscope.cli`."""

from dlscope.cli.app import main

main()
