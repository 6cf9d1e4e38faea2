"""The gateway's plain HTTP with nothing but the standard library."""

import json
import sys
import time
import urllib.error
import urllib.request

url, key = sys.argv[1:3]


def ask(path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        url + path,
        data=data,
        headers={"X-API-Key": key, "Content-Type": "application/json", **named},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.headers, json.load(response)
    except urllib.error.HTTPError as error:
        return error.headers, json.load(error)


_, total = ask("/api/tools/everything/get-sum", {"a": 2, "b": 3})
accepted, _ = ask(
    "/api/tools/everything/trigger-long-running-operation",
    {"duration": 1, "steps": 1},
    Prefer="respond-async",
)
job = {"status": "running"}
while job["status"] == "running":
    time.sleep(0.1)
    _, job = ask(accepted["Location"])
_, problem = ask("/api/tools/everything/nothing", {})
_, listed = ask("/tools")

print(json.dumps({
    "sum": total,
    "job": job,
    "problem": problem,
    "tools": [tool["qualifiedName"] for tool in listed["tools"]],
}))
