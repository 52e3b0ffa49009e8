"""The peers' programs: how each is started, and built where it must be. A peer that is not installed
is missing, with the packages that it needs; it is not an error here."""

import os
import shutil
import subprocess
import sys
from typing import Dict, List

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD_DEADLINE = 300  # seconds
GO_PATH = "/usr/share/gocode"  # where Debian puts the sources of Go packages


class Missing(Exception):
    """A peer that is not there; the text says what to install."""


def need(present, packages: str):
    if not present:
        raise Missing(f"apt-get install {packages}")


def run(*command, **environment):
    done = subprocess.run(command, cwd=HERE, env={**os.environ, **environment}, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD_DEADLINE)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")


def python_websockets(_work) -> List[str]:
    found = subprocess.run([sys.executable, "-c", "import websockets"], capture_output=True, check=False)
    need(found.returncode == 0, "python3-websockets")
    return [sys.executable, os.path.join(HERE, "python_peer.py")]


def node_ws(_work) -> List[str]:
    node = shutil.which("node")
    need(node and os.path.isdir("/usr/share/nodejs/ws"), "nodejs node-ws")
    return [node, os.path.join(HERE, "node_peer.cjs")]


def gorilla(work) -> List[str]:
    go = shutil.which("go")
    need(go and os.path.isdir(f"{GO_PATH}/src/github.com/gorilla/websocket"),
         "golang-go golang-github-gorilla-websocket-dev")
    program = os.path.join(work, "gorilla_peer")
    # Without modules nothing is fetched. Go's own cache makes the second build quick.
    run(go, "build", "-o", program, "./gorilla", GO111MODULE="off", GOPATH=GO_PATH, GOFLAGS="",
        GOCACHE=os.path.join(work, "go-cache"))
    return [program]


def libwebsockets(work) -> List[str]:
    need(os.path.exists("/usr/include/libwebsockets.h"), "libwebsockets-dev zlib1g-dev")
    program = os.path.join(work, "lws_peer")
    sources = [os.path.join(HERE, name) for name in ("lws_peer.cpp", "programme.hpp")]
    if not os.path.exists(program) or os.path.getmtime(program) < max(map(os.path.getmtime, sources)):
        run(os.environ.get("CXX", "c++"), "-std=c++20", "-O1", "-Wall", "-Wextra", sources[0], "-o", program,
            "-lwebsockets", "-lz")
    return [program]


def curl(_work) -> List[str]:
    need(shutil.which("curl"), "curl")
    return [shutil.which("curl")]


def chromium(_work) -> List[str]:
    found = subprocess.run([sys.executable, "-c", "import selenium"], capture_output=True, check=False)
    need(shutil.which("chromium") and shutil.which("chromedriver") and found.returncode == 0,
         "chromium chromium-driver python3-selenium")
    return [shutil.which("chromium")]


PEERS = {"python3-websockets": python_websockets, "node-ws": node_ws, "gorilla": gorilla,
         "libwebsockets": libwebsockets, "chromium": chromium, "curl": curl}


def environment() -> Dict[str, str]:
    """Debian's node modules are found, and a proxy is not asked for the way to 127.0.0.1."""
    paths = os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), "/usr/share/nodejs"]))
    return {**os.environ, "NODE_PATH": paths, "NO_PROXY": "*", "no_proxy": "*"}


def certificate(work) -> Dict[str, str]:
    """A certificate for 127.0.0.1 that is its own authority: paths of cert and key."""
    need(shutil.which("openssl"), "openssl")
    paths = {name: os.path.join(work, f"{name}.pem") for name in ("cert", "key")}
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", paths["key"], "-out", paths["cert"])
    return paths
