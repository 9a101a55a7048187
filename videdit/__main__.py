"""`python -m videdit` is `videdit`."""

from videdit.cli import main

if __name__ == "__main__":
    main()
