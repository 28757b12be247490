"""Rows of a database by one query, through SQLAlchemy. Needs the extra `documents` and the database's own driver."""

from __future__ import annotations

import importlib.util
import os
import re
from typing import Any, ClassVar

from pydantic import Field

from curation.collect.rows import RowSource
from curation.collect.source import Piece, Sink
from curation.errors import RecipeError, ResourceError, nearest

__all__ = ["Sql"]

_ROWS = 1000
_QUERY = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Sql(RowSource):
    """Rows of a database by one query, through SQLAlchemy.

    `key` is a column that names a row for good. `connection` is a URL; `${NAME}` in it is read from the environment.

    A database has no checksum: name another `snapshot` to have its rows read again.
    """

    format: ClassVar[str] = "sql"

    connection: str = Field(min_length=1)
    query: str
    key: str = "id"

    def check(self) -> None:
        where = f"source `{self.name}`"
        if importlib.util.find_spec("sqlalchemy") is None:
            do = 'pip install "gristmill[documents]"'
            raise ResourceError(where, "no SQLAlchemy", "the package that reads databases", do)
        if not _QUERY.match(self.query) or ";" in self.query.rstrip().rstrip(";"):
            raise RecipeError(f"{where}.query", "something else than one query", "SELECT …", "a source only reads")
        self._address()

    def identity(self) -> dict[str, Any]:
        """Without the connection: a password is nobody's business, and a moved database is the same one."""
        parameters = self.model_dump(mode="json", exclude={"connection"})
        return {"format": self.format, "version": self.version, "parameters": parameters}

    def pieces(self) -> list[list[Piece]]:
        return [[self.remote_piece(f"sql:{self.name}", self.name, [self.query, self.key, self.snapshot])]]

    def read(self, piece: Piece, sink: Sink) -> None:
        import sqlalchemy

        where = f"source `{self.name}`"
        try:
            engine = sqlalchemy.create_engine(self._address())
            with engine.connect().execution_options(stream_results=True, yield_per=_ROWS) as connection:
                rows = connection.execute(sqlalchemy.text(self.query)).mappings()
                self._check_columns(list(rows.keys()))
                for number, row in enumerate(rows):
                    self.take(piece.file.key, f"{piece.file.key}:{row[self.key]}", number, dict(row), sink)
        except (sqlalchemy.exc.SQLAlchemyError, ModuleNotFoundError) as error:
            found = f"{type(error).__name__} from the database"
            raise ResourceError(where, found, "an answer to the query", "try connection and query by hand") from error

    def _check_columns(self, columns: list[str]) -> None:
        for name in (self.text, self.key):
            if name not in columns:
                where, found = f"source `{self.name}`", f"columns {', '.join(columns)}"
                raise ResourceError(where, found, f"a column `{name}`", nearest(name, columns))

    def _address(self) -> str:
        def value(found: re.Match[str]) -> str:
            if found[1] not in os.environ:
                where = f"source `{self.name}`"
                raise ResourceError(where, f"no variable {found[1]}", "one that `connection` names", "export it")
            return os.environ[found[1]]

        return _VARIABLE.sub(value, self.connection)
