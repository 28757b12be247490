"""Addresses that fsspec opens: what with, and what goes wrong there as an error that says what to do.

Credentials, endpoints and regions come from where each driver looks for them (environment, profiles, fsspec's own
configuration), never from a recipe.
"""

from __future__ import annotations

import errno
import io
import re
from typing import IO, Any

from curation.errors import ResourceError

__all__ = ["Unbroken", "filesystem_of", "shown", "told"]

# Packages that fsspec opens addresses with.
_DRIVERS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp", "az": "adlfs"}
_SECRET = re.compile(r"(?<=://)[^/@]*@")
_SILENT = ("Timeout", "Connect", "Endpoint", "Unreachable")
_KEYS = ("Credentials", "Token", "Profile", "InvalidAccessKeyId", "SignatureDoesNotMatch")


def filesystem_of(path: str) -> tuple[Any, str]:
    """What fsspec opens an address with, and the address as it knows it. Raises ResourceError for what it cannot."""
    import fsspec

    try:
        return fsspec.core.url_to_fs(path)  # type: ignore[no-any-return]
    except ImportError as error:
        package = _DRIVERS.get(path.partition("://")[0], "the package of its fsspec file system")
        raise ResourceError(shown(path), "no driver for this address", package, f"pip install {package}") from error
    except ValueError as error:
        known = "s3://, gs://, https:// or another that fsspec knows"
        raise ResourceError(shown(path), "an address of an unknown kind", known, "mend the path") from error


def shown(address: str) -> str:
    """Without what stands before an @."""
    return _SECRET.sub("", address)


def told(address: str, error: BaseException) -> ResourceError:
    """What a driver raised, by its kind. Its message is left out: drivers put addresses, keys and requests into it."""
    kind, where = type(error).__name__, shown(address)
    if any(word in kind for word in _KEYS) or any(word in str(error) for word in _KEYS[3:]):
        do = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or what the store's driver reads"
        return ResourceError(where, "no usable credentials", "credentials of the store", do)
    if isinstance(error, PermissionError):
        return ResourceError(where, "access refused by its store", "rights to list and read, or write", "check access")
    if isinstance(error, FileNotFoundError):
        return ResourceError(where, "no such bucket or object", "one that exists", "create it, or mend the address")
    if isinstance(error, TimeoutError | ConnectionError) or any(word in kind for word in _SILENT):
        do = "check the network and the endpoint (AWS_ENDPOINT_URL), then run again to go on"
        return ResourceError(where, f"{kind}: no answer from its store", "a store that answers", do)
    return ResourceError(where, f"{kind} from its store", "a store that works", "check access, then run again to go on")


class Unbroken(io.RawIOBase):
    """A driver's file whose every failure is the system's: a network that fails must never look like damaged data."""

    def __init__(self, file: IO[bytes], address: str) -> None:
        self._file, self._address = file, address

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        try:
            content = self._file.read(len(buffer))
        except Exception as error:
            told_as = told(self._address, error)
            raise OSError(errno.EIO, f"{told_as.found}", told_as.where) from error
        buffer[: len(content)] = content
        return len(content)
