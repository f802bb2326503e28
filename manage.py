#!/usr/bin/env python3
"""Django's commands for Dateline. Those that query start the embedded PostgreSQL by themselves."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.state import StateError


def main() -> None:
    """Run one command. A mistake in the environment is told in one message, not in a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018  (reads the settings)
    except ImproperlyConfigured as error:
        sys.exit(f"Configuration error: {error}")
    try:
        execute_from_command_line(sys.argv)
    except StateError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
