"""A web server for get_kowiki_test.sh: answers ranges as Wikimedia's does, and breaks off where asked.

range_server.py FOLDER RANGES: serves FOLDER on a free port of 127.0.0.1 and prints the port; writes into the file RANGES
what range each request for a .bz2 asked for. FOLDER/break_after holds how many bytes to send before hanging up.
"""

import http.server
import pathlib
import re
import sys

folder, ranges = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = folder / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        asked = self.headers.get("Range")
        if path.suffix == ".bz2":
            with ranges.open("a", encoding="utf-8") as log:
                log.write(f"{asked or 'none'}\n")
        begin = 0
        if asked is not None:
            begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if begin >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        body = content[begin:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if path.suffix == ".bz2" and (folder / "break_after").exists():
            body = body[: int((folder / "break_after").read_text(encoding="utf-8"))]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
