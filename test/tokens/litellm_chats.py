"""Asks LiteLLM what 200 chat requests come to, and writes chats.jsonl: litellm_chats.py.

Run on demand, where `litellm` is installed (1.106.2, of which the file in the tree is); the tests
read chats.jsonl alone. Each line: the model, what LiteLLM's model map calls its provider, the
request, and the tokens. The requests are made here, by a random generator of a fixed seed.
"""

import base64
import json
import os
import random
import struct
from pathlib import Path

# As far as LiteLLM lets itself be kept from cutting texts before it counts them.
os.environ["TIKTOKEN_ENCODE_CHUNK_SIZE_CHARS"] = "4096"
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

dice = random.Random(20261122)
MODELS = ["gpt-4o", "gpt-4o-mini", "gpt-4", "gpt-4-turbo", "gpt-3.5-turbo", "gpt-3.5-turbo-0301", "gpt-5",
          "gpt-5-mini", "gpt-4.1", "o3", "o3-mini", "o1", "gpt-35-turbo", "claude-sonnet-4-5",
          "claude-opus-4-5", "claude-3-5-sonnet-20241022", "gemini/gemini-2.5-pro", "mistral/mistral-large-latest",
          "openai/gpt-4o", "azure/gpt-4o", "groq/something", "davinci-002", "ft:gpt-4o-2024-08-06:acme::1",
          "deepseek/deepseek-chat", "text-embedding-3-small"]
WORDS = """the a quick brown fox it's DON'T we'll I'm weather in Paris, London; tomorrow? (maybe) 12345 3.14159
naïve café Übergröße Привет мир как дела こんにちは 世界 你好 中文 测试 안녕하세요 مرحبا नमस्ते 😀 👩‍👩‍👧 🇩🇪 def main(): return x+1;
{"json": [1, 2, 3]} <b>html</b> http://example.com/a?b=c \t \n \n\n    spaces --- === ### ```python``` CamelCaseWord snake_case_word
SELECT * FROM users WHERE id = 7 fiancé’s “quotes” … — € 10% x² <|endoftext|> <EOT> ﬁ ligature ①②③ ｆｕｌｌ""".split(" ")


def text(most=40):
    return " ".join(dice.choice(WORDS) for _ in range(dice.randrange(1, most)))


def png(width, height):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(5)


def gif(width, height):
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(8)


def jpeg(width, height):
    return (b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF" + bytes(10) + b"\xff\xc0" +
            struct.pack(">HBHH", 17, 8, height, width) + bytes(12))


def webp(width, height):
    kind = dice.randrange(3)
    if kind == 0:
        body = b"VP8X" + bytes(8) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    elif kind == 1:
        body = b"VP8 " + bytes(10) + struct.pack("<HH", width, height)
    else:
        body = b"VP8L" + bytes(5) + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(8)
    return b"RIFF" + bytes(4) + b"WEBP" + body


def image_url():
    width, height = (dice.choice([1, 64, 300, 512, 513, 768, 769, 1024, 1600, 2000, 2047, 4000]) for _ in "xy")
    kind, make = dice.choice([("png", png), ("gif", gif), ("jpeg", jpeg), ("webp", webp), ("bmp", lambda w, h: b"BM")])
    url = f"data:image/{kind};base64," + base64.b64encode(make(width, height)).decode()
    roll = dice.random()
    if roll < 0.2:
        return {"type": "image_url", "image_url": dice.choice([url, "https://example.com/x.png"])}
    if roll < 0.4:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "image_url", "image_url": {"url": url, "detail": dice.choice(["low", "high", "high", "auto"])}}


def value(depth=0):
    roll = dice.random()
    if depth < 3 and roll < 0.25:
        return {dice.choice(["city", "n", "when", "a b", "it's"]) + str(i): value(depth + 1) for i in range(dice.randrange(4))}
    if depth < 3 and roll < 0.4:
        return [value(depth + 1) for _ in range(dice.randrange(4))]
    return dice.choice([text(6), "it's", 'say "x"', "both ' and \"", "tab\there", "new\nline", "nul\x00 bel\x07 del\x7f", "\u200b\u00a0\u00ad\u3000",
                        "back\\slash", "😀é中", 1, -7, 2.5, 0, True, False, None, "", 123456789012])


def schema(depth=0):
    out = {}
    kind = dice.choice(["string", "string", "integer", "number", "boolean", "null", "array", "object", "other", "list"])
    if depth >= 3 and kind in ("array", "object"):
        kind = "string"
    if kind == "list":
        out["type"] = ["string", "null"]
    elif kind != "other":
        out["type"] = kind
    if dice.random() < 0.5:
        out["description"] = dice.choice([text(10), "", "two\nlines"])
    if dice.random() < 0.25:
        out["enum"] = dice.choice([["a", "b c", "d"], [1, 2, 3], ["x"], [True, None, 1.5], []])
    if kind == "array":
        out["items"] = schema(depth + 1)
    if kind == "object" and dice.random() < 0.9:
        out.update(parameters(depth + 1))
    return out


def parameters(depth=0):
    names = dice.sample(["city", "unit", "when", "max_results", "größe", "query", "options"], dice.randrange(0, 5))
    out = {"type": "object", "properties": {name: schema(depth) for name in names}}
    if dice.random() < 0.7:
        out["required"] = [name for name in names if dice.random() < 0.5]
    return out


def tool():
    function = {"name": dice.choice(["get_weather", "search", "run_code", "größe"])}
    if dice.random() < 0.8:
        function["description"] = text(15)
    roll = dice.random()
    if roll < 0.15:
        if dice.random() < 0.8:
            function["input_schema"] = parameters()
        return function
    if dice.random() < 0.85:
        function["parameters"] = parameters()
    if roll < 0.25:
        return {"function_declarations": [function, {"name": "other"}]}
    if roll < 0.3:
        return {"type": "function", **function}
    return {"type": "function", "function": function}


def block():
    roll = dice.randrange(14)
    if roll < 5:
        return {"type": "text", "text": text()}
    if roll < 8:
        return image_url()
    source = dice.choice([{"type": "base64", "media_type": "image/png", "data": "aGk="}, {"type": "url", "url": "https://example.com/x"}])
    if roll == 8:
        return {"type": "image", "source": source}
    if roll == 9:
        kinds = [source, {"type": "text", "media_type": "text/plain", "data": text()}, {"type": "content", "content": text()},
                 {"type": "content", "content": [{"type": "text", "text": text()}]}]
        return {"type": "document", "source": dice.choice(kinds), "title": dice.choice([None, "", text(5)]), "context": text(5)}
    if roll == 10:
        return {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"q": value(), "more": value()}}
    if roll == 11:
        content = dice.choice([text(), [{"type": "text", "text": text()}, {"type": "image", "source": source}], None])
        return {"type": "tool_result", "tool_use_id": "toolu_1", "content": content}
    if roll == 12:
        return {"type": "thinking", "thinking": text(), "signature": "c2lnbmF0dXJl"}
    return dice.choice([{"type": "redacted_thinking", "data": "xxxx"}, {"type": "tool_reference", "tool_name": "search"},
                        {"type": "file", "file": {"filename": "a b.txt", "file_data": "data:text/plain;base64,aGk="}},
                        text(5)])


def message(role):
    out = {"role": role}
    if dice.random() < 0.65:
        out["content"] = text(80)
    else:
        out["content"] = [block() for _ in range(dice.randrange(1, 5))]
    if dice.random() < 0.15:
        out["name"] = dice.choice(["Alice", "bob_7", "Ünsal"])
    if role == "assistant" and dice.random() < 0.35:
        out["tool_calls"] = [{"id": f"call_{i}", "type": "function", "function": {"name": "get_weather", "arguments": json.dumps(value())}}
                             for i in range(dice.randrange(1, 3))]
        out["content"] = dice.choice([None, out["content"]])
    elif role == "assistant" and dice.random() < 0.1:
        out["function_call"] = {"name": "old", "arguments": "{\"a\": 1}"}
    elif role == "assistant" and dice.random() < 0.2:
        out["reasoning_content"] = text()
    if role == "tool":
        out["tool_call_id"] = "call_0"
        if dice.random() < 0.3:
            out["search_results"] = [{"source": "https://example.com", "title": text(4), "content": [{"type": "text", "text": text()}]}]
    return out


def request():
    roles = (["system"] if dice.random() < 0.5 else []) + [dice.choice(["user", "user", "assistant", "tool"]) for _ in range(dice.randrange(1, 8))]
    out = {"messages": [message(role) for role in roles]}
    if dice.random() < 0.45:
        out["tools"] = [tool() for _ in range(dice.randrange(0, 4))]
    if dice.random() < 0.3:
        out["tool_choice"] = dice.choice(["none", "auto", "required", {"type": "function", "function": {"name": "get_weather"}}])
    return out


def main():
    rows = []
    while len(rows) < 200:
        model, ask = dice.choice(MODELS), request()
        tokens = litellm.token_counter(model=model, messages=json.loads(json.dumps(ask["messages"])), tools=ask.get("tools"),
                                       tool_choice=ask.get("tool_choice"))
        provider = litellm.model_cost.get(model, {}).get("litellm_provider", "")
        rows.append({"model": model, "provider": provider, "request": ask, "tokens": tokens})
    out = Path(__file__).with_name("chats.jsonl")
    out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


if __name__ == "__main__":
    main()
