"""Includes point only left in the order of layers, and no layer is entered from the side."""

import re

from tap import LAYERS, PURE, ROOT, check, done, files, name

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
# The headers of the system that do what the pure half leaves to the host. Of OpenSSL the hashes are
# no more than functions of bytes.
HOST_HEADERS = re.compile(r"^(sys/(socket|epoll|mman|stat|time|un|uio|wait|random)\.h|unistd\.h|"
                          r"fcntl\.h|time\.h|pthread\.h|threads\.h|poll\.h|signal\.h|netdb\.h|"
                          r"netinet/.*|arpa/.*|dirent\.h|openssl/(?!(bn|ec|err|evp|hmac|pem|sha)\.h).*|ares\.h|yaml\.h|locale\.h)$")


def includes(path):
    return INCLUDE.findall(path.read_text())


def wrong_order():
    for path in files(".c", ".h", ".def", folders=["src"]):
        layer = path.relative_to(ROOT / "src").parts[0]
        for quote, target in includes(path):
            if quote == "<":
                continue
            to = target.split("/")[0] if "/" in target else layer
            if to == "llmux":
                to = "client"
            if to not in LAYERS:
                yield f"{name(path)}: \"{target}\" is in no layer"
            elif LAYERS.index(to) > LAYERS.index(layer):
                yield f"{name(path)}: \"{target}\" is right of {layer}"


def unknown_folders():
    for path in sorted((ROOT / "src").iterdir()):
        if path.is_dir() and path.name not in LAYERS:
            yield f"src/{path.name} has no place in the order of layers"


def host_headers():
    for path in files(".c", ".h", ".def", folders=[f"src/{layer}" for layer in PURE]):
        for quote, target in includes(path):
            if quote == "<" and HOST_HEADERS.match(target):
                yield f"{name(path)}: <{target}> belongs to the host half"


check("every folder of src has a place", unknown_folders())
check("includes point only left", wrong_order())
check("the pure half includes nothing of the host's", host_headers())
done()
