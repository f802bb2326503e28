"""Django's PostgreSQL backend, with what Dateline asks of a server, whoever runs it.

A database with ``"EMBEDDED": True`` in its settings is the embedded one, started by the first
connection: a command that asks the database nothing starts nothing.
"""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.db.backends.base.validation import BaseDatabaseValidation
from django.db.backends.postgresql import base, features

from config.postgres import Server

EXTENSIONS = ("fuzzystrmatch", "pg_trgm")


class DatabaseFeatures(features.DatabaseFeatures):
    """PostgreSQL from 17 on, for ``MERGE … RETURNING``; Django refuses an older one by name."""

    minimum_database_version = (17,)


class DatabaseValidation(BaseDatabaseValidation):
    """Checked by ``migrate`` before it changes anything."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Name each extension that is missing and that the migrations could not create."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT name, default_version IS NOT NULL,
                       has_database_privilege(current_database(), 'CREATE')
                FROM unnest(%s::text[]) AS name
                LEFT JOIN pg_available_extensions USING (name)
                WHERE installed_version IS NULL
                ORDER BY name
                """,
                [list(EXTENSIONS)],
            )
            missing = cursor.fetchall()
        database = self.connection.settings_dict["NAME"]
        errors: list[CheckMessage] = []
        for name, available, creatable in missing:
            if not available:
                hint = "Install PostgreSQL's contrib modules on the server."
            elif not creatable:
                hint = f"As a superuser, in the database {database}: CREATE EXTENSION {name};"
            else:
                continue
            text = f"The database lacks the PostgreSQL extension {name}."
            errors.append(Error(text, hint=hint, id="dateline.E001"))
        return errors


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection; one to the embedded server first sees to it that the server runs."""

    features_class = DatabaseFeatures
    validation_class = DatabaseValidation

    def get_connection_params(self) -> dict[str, Any]:
        """Give psycopg's parameters, after starting the embedded server."""
        if self.settings_dict.get("EMBEDDED") and not self.settings_dict["HOST"]:
            address = Server().use()
            self.settings_dict.update(
                HOST=address.host, PORT=address.port, USER=address.user, PASSWORD=address.password
            )
        return super().get_connection_params()
