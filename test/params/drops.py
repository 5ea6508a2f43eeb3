"""What drop_params, additional_drop_params, allowed_openai_params and extra_body do on each path:
bodies that are edited in place, and those that are translated; chats, completions, embeddings; the
clients of OpenAI, Anthropic and Google.

drops.py LLMUX

Each row: model, front, members of the request, then what of the body is there (with its value), what
is not, and what is listed as dropped; or the parameter that the error names. Prints TAP.
"""

import json
import subprocess
import sys

MESSAGES = {"messages": [{"role": "user", "content": "x"}]}
TOOL = {"type": "function", "function": {"name": "f", "strict": True}}
BASE = {"openai_chat": MESSAGES, "anthropic": {**MESSAGES, "max_tokens": 9},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": "x"}]}]},
        "openai_completions": {"prompt": "x"}, "openai_embed": {"input": "x"}}
CLAUDE, GEMINI = "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash"
GPT, GROQ = "openai/gpt-4o", "groq/llama-3.3-70b-versatile"


def row(model, front, more, there=None, gone=(), dropped=(), refused=None):
    return {"model": model, "front": front, "more": more, "there": there or {}, "gone": gone,
            "dropped": list(dropped), "refused": refused}


def drop(*paths, **more):
    return {**more, "additional_drop_params": list(paths)}


ROWS = [
    # additional_drop_params: in place, translated by the client's name and by the provider's
    row(GPT, "openai_chat", drop("seed", seed=1), gone=["seed"], dropped=["seed"]),
    row(GPT, "openai_chat", drop("tools[*].function.strict", tools=[TOOL, TOOL]),
        {"tools.1.function.name": "f"}, ["tools.0.function.strict", "tools.1.function.strict"],
        ["tools[*].function.strict"]),
    row(GPT, "openai_chat", drop("tools[1].function.strict", tools=[TOOL, TOOL]),
        {"tools.0.function.strict": True}, ["tools.1.function.strict"],
        ["tools[1].function.strict"]),
    row(GPT, "openai_chat", drop("messages[0].name", messages=[{"role": "user", "content": "x",
                                                                "name": "n"}]),
        {"messages.0.content": "x"}, ["messages.0.name"], ["messages[0].name"]),
    row(GPT, "openai_chat", drop("seed", "nothing[*].here"), gone=["seed"]),
    row(GEMINI, "openai_chat", drop("top_p", top_p=0.5, seed=1),
        {"generationConfig.seed": 1}, ["generationConfig.topP"], ["top_p"]),
    row(GEMINI, "openai_chat", drop("generationConfig.topP", top_p=0.5, seed=1),
        {"generationConfig.seed": 1}, ["generationConfig.topP"], ["generationConfig.topP"]),
    row(CLAUDE, "openai_chat", drop("seed", seed=1), gone=["seed"], dropped=["seed"]),
    row(CLAUDE, "openai_chat", drop("response_format", response_format={
        "type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}),
        gone=["output_config", "tools"], dropped=["response_format"]),
    row(CLAUDE, "anthropic", drop("metadata", metadata={"user_id": "u"}), gone=["metadata"],
        dropped=["metadata"]),
    row(GPT, "anthropic", drop("metadata", metadata={"user_id": "u"}), gone=["user"],
        dropped=["metadata"]),
    row(GEMINI, "gemini", drop("generationConfig.seed", generationConfig={"seed": 1, "topP": 0.5}),
        {"generationConfig.topP": 0.5}, ["generationConfig.seed"], ["generationConfig.seed"]),
    row(GPT, "gemini", drop("generationConfig.seed", generationConfig={"seed": 1, "topP": 0.5}),
        {"top_p": 0.5}, ["seed"], ["generationConfig.seed"]),
    row("openai/gpt-3.5-turbo-instruct", "openai_completions", drop("seed", seed=1), gone=["seed"],
        dropped=["seed"]),
    row(CLAUDE, "openai_completions", drop("best_of", best_of=2), gone=["best_of"],
        dropped=["best_of"]),
    row("openai/text-embedding-3-small", "openai_embed", drop("user", user="u", dimensions=3),
        {"dimensions": 3}, ["user"], ["user"]),
    row("cohere/embed-english-v3.0", "openai_embed", drop("dimensions", dimensions=3),
        gone=["output_dimension"], dropped=["dimensions"]),
    # drop_params, and without it
    row(CLAUDE, "openai_chat", {"seed": 1, "logit_bias": {"1": 1}}, refused="seed"),
    row(CLAUDE, "openai_chat", {"seed": 1, "logit_bias": {"1": 1}, "drop_params": True},
        gone=["seed", "logit_bias", "drop_params"], dropped=["seed", "logit_bias"]),
    row(GROQ, "openai_chat", {"logit_bias": {"1": 1}}, refused="logit_bias"),
    row(GROQ, "openai_chat", {"logit_bias": {"1": 1}, "drop_params": True}, gone=["logit_bias"],
        dropped=["logit_bias"]),
    row(CLAUDE, "gemini", {"generationConfig": {"seed": 1}}, refused="seed"),
    row(CLAUDE, "gemini", {"generationConfig": {"seed": 1}, "drop_params": True}, gone=["seed"],
        dropped=["seed"]),
    row("openai/o3", "anthropic", {"temperature": 0.3}, refused="temperature"),
    row("openai/o3", "anthropic", {"temperature": 0.3, "drop_params": True},
        {"max_completion_tokens": 9}, ["temperature"], ["temperature"]),
    row(CLAUDE, "openai_completions", {"best_of": 2}, refused="best_of"),
    row(CLAUDE, "openai_completions", {"best_of": 2, "drop_params": True}, gone=["best_of"],
        dropped=["best_of"]),
    row("voyage/voyage-3", "openai_embed", {"user": "u", "drop_params": True}, gone=["user"],
        dropped=["user"]),
    # allowed_openai_params
    row(CLAUDE, "openai_chat", {"seed": 1, "allowed_openai_params": ["seed"]}, {"seed": 1},
        ["allowed_openai_params"]),
    row(GROQ, "openai_chat", {"logit_bias": {"1": 1}, "allowed_openai_params": ["logit_bias"]},
        {"logit_bias.1": 1}),
    # extra_body
    row(GPT, "openai_chat", {"extra_body": {"a": 1, "seed": 2}, "seed": 1}, {"a": 1, "seed": 2},
        ["extra_body"]),
    row(CLAUDE, "openai_chat", {"extra_body": {"a": {"b": 1}}}, {"a.b": 1}, ["extra_body"]),
    row(GEMINI, "gemini", {"extra_body": {"labels": {"a": "b"}}}, {"labels.a": "b"},
        ["extra_body"]),
    row("openai/text-embedding-3-small", "openai_embed", {"extra_body": {"a": 1}}, {"a": 1},
        ["extra_body"]),
]


def look(body, path):
    for step in path.split("."):
        if isinstance(body, list):
            body = body[int(step)] if int(step) < len(body) else None
        else:
            body = body.get(step) if isinstance(body, dict) else None
    return body


def wrong(llmux, r):
    """What is not as the row says; None: nothing."""
    done = subprocess.run([llmux, "translate", "request", "--model", r["model"], "--from", r["front"]],
                          input=json.dumps({**BASE[r["front"]], **r["more"]}),
                          stdout=subprocess.PIPE, text=True, check=False)
    said = json.loads(done.stdout)
    if r["refused"] or "error" in said:
        error = said.get("error", {})
        text = error.get("message", "")
        good = (error.get("param") == r["refused"] and "UnsupportedParamsError" in text
                and "drop_params: true" in text and r["model"].split("/")[1] in text)
        return None if good else f"refused {r['refused']}: {text}"
    if [loss["what"] for loss in said.get("dropped", [])] != r["dropped"]:
        return f"dropped {said.get('dropped')}"
    for path, value in r["there"].items():
        if look(said["body"], path) != value:
            return f"{path} is {look(said['body'], path)}"
    return next((f"{path} is there" for path in r["gone"] if look(said["body"], path) is not None),
                None)


def main():
    failed = 0
    print(f"1..{len(ROWS)}")
    for i, r in enumerate(ROWS, 1):
        what = wrong(sys.argv[1], r)
        failed += what is not None
        print(f"{'not ok' if what else 'ok'} {i} - {r['model']} {r['front']} {json.dumps(r['more'])}")
        if what:
            print(f"# {what}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
