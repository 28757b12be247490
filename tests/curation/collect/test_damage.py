import errno
import gzip

import pytest

from curation.collect.damage import is_system_error, why_damaged


def test_data_that_does_not_unpack_is_described():
    assert why_damaged(gzip.BadGzipFile("Not a gzipped file")) == "BadGzipFile while unpacking"


def test_a_disk_that_fails_stops_the_run():
    error = OSError(errno.EIO, "Input/output error")
    assert is_system_error(error)
    with pytest.raises(OSError, match="Input/output error"):
        why_damaged(error)
