"""Signs in on the server's page as a person would, and prints the authorization code.

    browser.py URL LOGIN PASSWORD
"""

import html.parser
import http.client
import sys
import urllib.parse


class Form(html.parser.HTMLParser):
    def __init__(self, page: str):
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]):
        given = dict(attributes)
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"] or ""] = given.get("value") or ""


def main():
    url, login, password = sys.argv[1:]
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(where.netloc)
    connection.request("GET", f"{where.path}?{where.query}")
    page = connection.getresponse()
    cookie = (page.getheader("Set-Cookie") or "").split(";")[0]
    fields = Form(page.read().decode()).fields | {"username": login, "password": password, "action": "allow"}
    connection.request("POST", where.path, urllib.parse.urlencode(fields), {
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie, "Origin": f"{where.scheme}://{where.netloc}"})
    answer = connection.getresponse()
    if answer.status != 303:
        raise SystemExit(f"the page answered {answer.status}: {answer.read().decode()}")
    print(urllib.parse.parse_qs(urllib.parse.urlsplit(answer.getheader("Location")).query)["code"][0])


if __name__ == "__main__":
    main()
