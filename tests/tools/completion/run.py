#!/usr/bin/env python3
"""rust-analyzer completes, hovers and finds definitions in an annotated body, a broken one too.

Opens each case of the *.cases files beside this script in rust-analyzer, and compares what it answers with what the case
says. Needs the components rust-analyzer and rust-src.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import twins

# Seconds without which a server that hangs would hang the run.
PATIENCE = 300
TITLE = re.compile(r"(.+?): (completes|hovers|goes to|finds|expands) (.+)")


class Server:
    """A language server on the other end of two pipes."""

    def __init__(self, root):
        # The component of the toolchain that the project pins, whatever else is installed.
        program = subprocess.run(
            ["rustup", "which", "rust-analyzer"], cwd=twins.ROOT, check=True, capture_output=True, text=True
        ).stdout.strip()
        self.process = subprocess.Popen([program], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.watch = threading.Timer(PATIENCE, self.process.kill)
        self.watch.start()
        self.last = 0
        self.call(
            "initialize",
            processId=os.getpid(),
            rootUri=root.as_uri(),
            capabilities={"experimental": {"serverStatusNotification": True}},
            initializationOptions={"checkOnSave": False, "cachePriming": {"enable": False}},
        )
        self.notify("initialized")
        self.await_quiet()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = None
        while (line := self.process.stdout.readline()) not in (b"\r\n", b""):
            key, value = line.decode().split(":", 1)
            if key.lower() == "content-length":
                length = int(value)
        if length is None:
            sys.exit("rust-analyzer has ended, or was too slow")
        message = json.loads(self.process.stdout.read(length))
        if "method" in message and "id" in message:
            self.send({"id": message["id"], "result": None})
        return message

    def notify(self, method, **parameters):
        self.send({"method": method, "params": parameters})

    def call(self, method, **parameters):
        self.last += 1
        self.send({"id": self.last, "method": method, "params": parameters})
        while True:
            message = self.receive()
            if message.get("id") == self.last and "method" not in message:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]

    def await_quiet(self):
        """Waits until the project is loaded and its macros are built."""
        while True:
            message = self.receive()
            if message.get("method") == "experimental/serverStatus" and message["params"]["quiescent"]:
                if message["params"]["health"] != "ok":
                    sys.exit(f"rust-analyzer cannot load the project: {message['params'].get('message')}")
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.watch.cancel()


def cases(path):
    """Name, expectation, its argument and source of each case."""
    for case in path.read_text().split("\n=== ")[1:]:
        title, source = case.split("\n", 1)
        parts = TITLE.fullmatch(title)
        if parts is None or source.count("$0") != 1:
            sys.exit(f"{path.name}: not a case: {title}")
        yield *parts.groups(), source


def answer(server, document, kind, source):
    """What the server says at the cursor, as text."""
    before = source[: source.index("$0")]
    line, character = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    at = {"textDocument": document, "position": {"line": line, "character": character}}
    if kind == "completes":
        found = server.call("textDocument/completion", **at) or {}
        items = found if isinstance(found, list) else found.get("items", [])
        return [re.split(r"[(<\s…]", item["label"])[0] for item in items]
    if kind == "hovers":
        found = server.call("textDocument/hover", **at)
        return found["contents"]["value"] if found else ""
    if kind in ("goes to", "finds"):
        found = server.call("textDocument/definition", **at) or []
        found = found if isinstance(found, list) else [found]
        return [(place["uri"], place["range"]["start"]["line"]) for place in found]
    found = server.call("rust-analyzer/expandMacro", **at)
    return found["expansion"] if found else ""


def is_met(document, kind, expected, source, found):
    if kind == "completes":
        return set(expected.split(", ")) <= set(found)
    if kind in ("goes to", "finds"):
        lines = [at for at, line in enumerate(source.split("\n")) if line.endswith(f"// {expected}")]
        places = [(document["uri"], at) for at in lines]
        return len(places) == 1 and (found == places if kind == "goes to" else places[0] in found)
    return expected in found


def main():
    package = twins.write("completion", "subject", "fn main() {}\n")
    file = package / "src" / "main.rs"
    document = {"uri": file.as_uri()}
    failed, version = 0, 0
    with Server(package) as server:
        server.notify("textDocument/didOpen", textDocument={**document, "languageId": "rust", "version": 0, "text": ""})
        for path in sorted(HERE.glob("*.cases")):
            for name, kind, expected, source in cases(path):
                version += 1
                changes = [{"text": source.replace("$0", "") + "\nfn main() {}\n"}]
                changed = {**document, "version": version}
                server.notify("textDocument/didChange", textDocument=changed, contentChanges=changes)
                found = answer(server, document, kind, source)
                if not is_met(document, kind, expected, source, found):
                    failed += 1
                    print(f"{path.stem}: {name}: {kind} {expected}, but: {str(found)[:600]}")
    print(f"{version} cases, {version - failed} as they should be")
    if failed or not version:
        sys.exit("rust-analyzer does not work in annotated bodies as it does in plain ones")


if __name__ == "__main__":
    main()
