"""Prints HTML from the standard input as a PDF to the standard output; `lyceum serve` runs it.

    python3 print.py MEMORY SECONDS     bytes of memory and seconds of processor time that it may use
    python3 print.py --version          prints the version of WeasyPrint

Exit status 3: Python finds no WeasyPrint; 4: there is not enough memory.
"""

import ctypes
import os
import resource
import signal
import sys


# Without one, WeasyPrint fails at a relative address instead of asking for it.
BASE = "https://page.invalid/"


def refuse(url, *_):
    """The HTML is complete: it reads no file and no address, whatever somebody wrote into it."""
    raise ValueError("the HTML may not read " + url[:200])


def main():
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        # An OSError: one of the libraries that it loads is missing.
        print(error, file=sys.stderr)
        sys.exit(3)
    if sys.argv[1] == "--version":
        print(weasyprint.__version__)
        return
    limit(memory=int(sys.argv[1]), seconds=int(sys.argv[2]))
    try:
        html = weasyprint.HTML(string=sys.stdin.buffer.read().decode(), base_url=BASE, url_fetcher=refuse)
        sys.stdout.buffer.write(html.write_pdf(presentational_hints=True))
    except (MemoryError, SystemError):
        # A SystemError: a library got no memory and did not say so. Ending in the usual way needs memory, too.
        os._exit(4)


def limit(memory, seconds):
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    # No files and no memory dumps: personal data stays in the pipes. Python tries with a few bytes whether it can
    # write to the temporary directory.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # It ends with the server (PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


main()
