"""Who is refused: other hosts, other origins, no token, paths and questions that reach for files."""

import http.client
from urllib.parse import quote, urlencode

import duckdb
import pytest

from tests.data_cards.conftest import HOSTILE


@pytest.fixture
def ask(served):
    def ask(path, method="GET", body=None, **headers):
        """(status, headers, text); a cookie with the right token unless another is given."""
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        sent = {"Host": f"127.0.0.1:{served.port}", "Cookie": f"gristmill-audit-{served.port}={served.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True)
        for name, value in {**sent, "Content-Length": str(len(body or ""))}.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders((body or "").encode())
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    return ask


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]", "localhost.evil.example", ""])
def test_another_host_is_refused(ask, host):
    assert ask("/", Host=host)[0] == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_another_origin_is_refused(ask, origin):
    assert ask("/", Origin=origin)[0] == 403
    assert ask("/label", "POST", "n=1&label=bad", Origin=origin)[0] == 403


def test_another_site_and_a_post_without_origin_are_refused(ask):
    assert ask("/", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask("/label", "POST", "n=1&label=bad")[0] == 403


@pytest.mark.parametrize("path", ["/", "/document?n=1", "/documents.csv", "/favicon.ico", "/nowhere", "/?token=wrong"])
@pytest.mark.parametrize(
    "cookie", [None, "gristmill-audit-1=x", "gristmill-audit-{port}=wrong", "gristmill-audit-{port}="]
)
def test_without_the_token_nothing_is_shown(ask, served, path, cookie):
    status, _, text = ask(path, Cookie=cookie and cookie.format(port=served.port))
    assert status == 403
    assert "gristmill audit" in text


def test_the_token_in_the_address_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(ask, served):
    status, headers, _ = ask(f"/document?n=1&token={served.token}", Cookie=None)
    assert (status, headers["location"]) == (303, "/document?n=1")
    assert {"HttpOnly", "SameSite=strict"} <= set(headers["set-cookie"].split("; "))
    assert ask(f"//evil.example/?token={served.token}", Cookie=None)[1]["location"] == "/evil.example/"


def test_every_answer_forbids_what_it_can(ask):
    for path in ("/", "/document?n=1", "/labels", "/documents.csv", "/nowhere"):
        headers = ask(path)[1]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/audit/labels.jsonl", "/..%5c..%5cx", "/static/../app.py"],
)
def test_no_path_reaches_a_file(ask, path):
    status, _, text = ask(path)
    assert status == 404
    assert "root:" not in text


@pytest.mark.parametrize(("page", "every"), [("/", 4), ("/document", 1), ("/cluster", 1)])
def test_hostile_questions_have_ordinary_answers(ask, page, every):
    names = ("q", "source", "reason", "rule", "attribute", "order", "n", "min.text.characters", "survivor", "view")
    for bad in HOSTILE[::every]:
        status, _, text = ask(f"{page}?{urlencode({**dict.fromkeys(names, bad), 'how': 'substring'})}")
        assert status in (200, 404), bad
        assert "root:" not in text
        assert "<script>alert" not in text


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "ATTACH '/tmp/other.duckdb'",
        "COPY ledger TO '/tmp/gristmill-test.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "EXPORT DATABASE '/tmp/gristmill-test'",
        "PRAGMA memory_limit = '9GB'",
        "SET enable_external_access = true",
        "DROP TABLE ledger",
    ],
)
def test_the_database_reads_no_file_and_changes_nothing(served, sql):
    with pytest.raises(duckdb.Error):
        served.site.store.ask(sql)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*" * 20, "(" * 60, "a{1000}{1000}", "(?=x)", r"(.)\1"])
def test_endless_patterns_end(ask, pattern):
    status, _, text = ask(f"/?how=regex&q={quote(pattern)}")
    assert status == 200
    assert "documents" in text


def test_a_long_body_is_refused(ask, served):
    assert ask("/label", "POST", "n=1&note=" + "x" * 20_000, Origin=served.address)[0] == 413
