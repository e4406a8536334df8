"""Looks at the server's own pages in Chromium, in both languages; script/pages runs it.

`/`, `/docs`, `/docs/redoc` and the sign-in page are shown without an error in the console and without anything that their
policy refuses. In `/docs` a request is tried with an access token, and as an app that a person lets in at the sign-in page.
With PICTURES the pages are kept there as PNG.
"""

import asyncio
import json
import os
import pathlib
import signal
import sys
import urllib.parse
import urllib.request

from browser import Browser, Page
from demo_server import check_log, free_port, make_school, serve

PICTURES = os.environ.get("PICTURES")
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
WORDS = {
    "ru": {"/": "Это сервер электронного дневника", "sign-in": "Вход в дневник"},
    "en": {"/": "This is a server of an electronic diary", "sign-in": "Sign in to the diary"},
}


def main():
    port = free_port()
    make_school()
    server = serve(port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        base = f"http://127.0.0.1:{port}"
        app = register_app(base)
        for language in WORDS:
            asyncio.run(look(base, language, app))
    finally:
        server.terminate()
        server.wait(30)
    check_log()


async def look(base: str, language: str, app: str):
    browser = Browser(language)
    try:
        await start(await browser.page(), base, language)
        await redoc(await browser.page(), base, language)
        await sign_in_page(await browser.page(), base, language, app)
        await try_with_token(await browser.page(), base, language)
        await try_as_app(browser, base, language, app)
    finally:
        browser.close()


async def start(page: Page, base: str, language: str):
    await page.open(f"{base}/")
    await page.until(f"document.body.innerText.includes({json.dumps(WORDS[language]['/'])})")
    await seen(page, language, "start")


async def redoc(page: Page, base: str, language: str):
    await page.open(f"{base}/docs/redoc")
    await page.until("document.body.classList.contains('ready')")
    await page.until("document.body.innerText.includes('Conventions')")
    await seen(page, language, "redoc")


async def sign_in_page(page: Page, base: str, language: str, app: str):
    asked = {"response_type": "code", "client_id": app, "redirect_uri": f"{base}/docs/oauth2-redirect",
             "scope": "person", "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    await page.open(f"{base}/oauth/authorize?{urllib.parse.urlencode(asked)}")
    await page.until(f"document.querySelector('h1').innerText === {json.dumps(WORDS[language]['sign-in'])}")
    await seen(page, language, "sign-in")
    # So that it is not taken for the one that Swagger UI opens.
    await page.open("about:blank")


async def try_with_token(page: Page, base: str, language: str):
    await page.open(f"{base}/docs")
    await page.until("document.body.classList.contains('ready')")
    await page.click(".auth-wrapper .authorize")
    await page.type("input#auth-bearer-value", token(base, "teacher"))
    await page.click(".auth-container:has(#auth-bearer-value) .auth.authorize")
    await page.click(".auth-btn-wrapper .btn-done")
    await try_me(page, "teacher")
    await seen(page, language, "docs")


async def try_as_app(browser: Browser, base: str, language: str, app: str):
    page = await browser.page()
    await page.open(f"{base}/docs?client_id={app}")
    await page.until("document.body.classList.contains('ready')")
    await page.click(".auth-wrapper .authorize")
    form = ".auth-container:has(#client_id_authorizationCode)"
    await page.until(f"document.querySelector('#client_id_authorizationCode').value === '{app}'")
    await page.click(f"{form} .scopes input[type=checkbox]")
    await page.click(f"{form} .auth.authorize")
    window = await browser.popup("/oauth/authorize")
    await window.type("input[name=username]", "parent")
    await window.type("input[name=password]", "lyceum-demo")
    await seen(window, language, "sign-in-filled")
    await window.click("button[name=action][value=allow]")
    await page.until("document.querySelector('.modal-ux').innerText.includes('Authorized')")
    await page.click(".auth-btn-wrapper .btn-done")
    await try_me(page, "parent")
    await seen(page, language, "docs-as-app")


async def try_me(page: Page, login: str):
    """Sends GET /v1/me from the page."""
    operation = "#operations-Me-getMe"
    await page.click("#operations-tag-Me")
    await page.click(f"{operation} .opblock-summary-control")
    await page.click(f"{operation} .try-out__btn")
    await page.click(f"{operation} .execute")
    await page.until(f"document.querySelector('{operation} .live-responses-table')")
    answer = await page.value(f"document.querySelector('{operation} .live-responses-table').innerText")
    if f'"login": "{login}"' not in answer:
        raise SystemExit(f"error: GET /v1/me in /docs answers {answer[:500]}")
    await page.value(f"document.querySelector('{operation}').scrollIntoView()")


async def seen(page: Page, language: str, name: str):
    if PICTURES:
        await page.picture(pathlib.Path(PICTURES) / f"{name}-{language}.png")
    said = await page.value("document.documentElement.lang")
    if said != language:
        raise SystemExit(f"error: {name} is in {said}, not {language}")
    if page.complaints:
        raise SystemExit(f"error: {name} in {language}: {page.complaints}")
    print(f"{name} in {language}: no complaints", flush=True)


def register_app(base: str) -> str:
    body = {"kind": "app", "name": "Swagger UI", "scopes": ["person"],
            "redirect_uris": [f"{base}/docs/oauth2-redirect"]}
    headers = {"Authorization": f"Bearer {token(base, 'admin')}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/v1/clients", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["client_id"]


def token(base: str, login: str) -> str:
    body = f"grant_type=password&school=lyceum29&username={login}&password=lyceum-demo"
    with urllib.request.urlopen(f"{base}/v1/auth/token", body.encode()) as answer:
        return json.load(answer)["access_token"]


if __name__ == "__main__":
    main()
