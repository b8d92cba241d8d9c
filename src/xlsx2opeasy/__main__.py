"""`python -m xlsx2opeasy` is the command `xlsx2opeasy`."""

from xlsx2opeasy.start import main

main()
