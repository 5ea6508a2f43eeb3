"""Text completions, the Responses API and Anthropic's Messages: what is asked, and of whom.

Whom is a choice among the languages that providers speak; chats (shapes.py) are asked of all.
"""

import replies
from calls import Call
from shapes import KEY, PNG, SCHEMA

HELLO = [{"role": "user", "content": "Hello"}]
TEXT = {
    "plain": {"prompt": "Once upon"},
    "list": {"prompt": ["Once upon"]},
    "several": {"prompt": ["Once upon", "There was"]},
    "tokens": {"prompt": [9906, 1917]},
    "sampling": {"prompt": "Once upon", "temperature": 0.3, "top_p": 0.9, "max_tokens": 50},
    "stop": {"prompt": "Once upon", "stop": ["END", "STOP"]},
    "penalties": {"prompt": "Once upon", "presence_penalty": 0.5, "frequency_penalty": 0.25,
                  "seed": 7},
    "choices": {"prompt": "Once upon", "n": 2},
    "logprobs": {"prompt": "Once upon", "logprobs": 2},
    "echo": {"prompt": "Once upon", "echo": True},
    "suffix": {"prompt": "def f():", "suffix": "return 1"},
    "user": {"prompt": "Once upon", "user": "user-1"},
    "stream": {"prompt": "Once upon", "stream": True},
}
TEXT_TARGETS = (
    "openai/gpt-3.5-turbo-instruct", "text-completion-openai/gpt-3.5-turbo-instruct",
    "azure_text/gpt-35-turbo-instruct", "openai/gpt-4o", "anthropic/claude-sonnet-4-5",
    "gemini/gemini-2.5-flash", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "groq/llama-3.3-70b-versatile", "mistral/mistral-large-latest", "cohere/command-a-03-2025",
    "text-completion-codestral/codestral-latest", "hosted_vllm/llama-3",
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", "deepseek/deepseek-chat",
    "fireworks_ai/accounts/fireworks/models/llama-v3p3-70b-instruct", "ollama_chat/llama3.1",
    "xai/grok-4", "openrouter/openai/gpt-4o",
)


def function(name="get_weather", **more):
    return {"type": "function", "name": name, "description": "The weather at a place", "parameters": {
        "type": "object", "properties": {"location": {"type": "string"}}}, **more}


CALL = {"type": "function_call", "call_id": "call_0", "name": "get_weather",
        "arguments": '{"location": "Rome"}'}
RESULT = {"type": "function_call_output", "call_id": "call_0", "output": "Sunny"}
ASKED = {"role": "user", "content": "Weather in Rome?"}
RESPONSES = {
    "plain": {"input": "Hello"},
    "items": {"input": [{"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "Hello"}]}]},
    "instructions": {"input": "Hello", "instructions": "Be brief."},
    "developer": {"input": [{"role": "developer", "content": "Be brief."}, *HELLO]},
    "turns": {"input": [*HELLO, {"role": "assistant", "content": [
        {"type": "output_text", "text": "Hi."}]}, {"role": "user", "content": "Bye"}]},
    "sampling": {"input": "Hello", "temperature": 0.3, "top_p": 0.9, "max_output_tokens": 100},
    "tools": {"input": [ASKED], "tools": [function()], "tool_choice": "auto"},
    "tools-required": {"input": [ASKED], "tools": [function()], "tool_choice": "required"},
    "tools-named": {"input": [ASKED], "tools": [function(), function("get_time")],
                    "tool_choice": {"type": "function", "name": "get_weather"}},
    "tools-one-by-one": {"input": [ASKED], "tools": [function()], "parallel_tool_calls": False},
    "tool-result": {"input": [ASKED, CALL, RESULT], "tools": [function()]},
    "image": {"input": [{"role": "user", "content": [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": "data:image/png;base64," + PNG}]}]},
    "json": {"input": "Answer in JSON.", "text": {"format": {"type": "json_object"}}},
    "schema": {"input": "Where?", "text": {"format": {
        "type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}}},
    "effort": {"input": "Hello", "reasoning": {"effort": "low"}, "max_output_tokens": 4096},
    "user": {"input": "Hello", "user": "user-1"},
    "metadata": {"input": "Hello", "metadata": {"a": "b"}},
    "stream": {"input": "Hello", "stream": True},
}
RESPONSES_TARGETS = (
    "openai/gpt-4o", "azure/gpt-4o", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash",
    "vertex_ai/gemini-2.5-flash", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "bedrock/amazon.nova-pro-v1:0", "cohere/command-a-03-2025", "ollama_chat/llama3.1",
    "mistral/mistral-large-latest", "groq/llama-3.3-70b-versatile", "deepseek/deepseek-chat",
    "xai/grok-4", "openrouter/openai/gpt-4o", "hosted_vllm/llama-3", "cerebras/llama-3.3-70b",
    "fireworks_ai/accounts/fireworks/models/llama-v3p3-70b-instruct",
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
)


def tool(name="get_weather"):
    return {"name": name, "description": "The weather at a place", "input_schema": {
        "type": "object", "properties": {"location": {"type": "string"}}}}


USE = {"role": "assistant", "content": [
    {"type": "tool_use", "id": "toolu_0", "name": "get_weather", "input": {"location": "Rome"}}]}
DONE = {"role": "user", "content": [
    {"type": "tool_result", "tool_use_id": "toolu_0", "content": "Sunny"}]}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
MESSAGES = {
    "plain": {"messages": HELLO},
    "system": {"messages": HELLO, "system": "Be brief."},
    "system-cache": {"messages": HELLO, "system": [
        {"type": "text", "text": "A long text.", "cache_control": {"type": "ephemeral"}}]},
    "turns": {"messages": [*HELLO, {"role": "assistant", "content": "Hi."},
                           {"role": "user", "content": "Bye"}]},
    "sampling": {"messages": HELLO, "temperature": 0.3, "stop_sequences": ["END"]},
    "top-k": {"messages": HELLO, "top_k": 5},
    "tools": {"messages": [ASKED], "tools": [tool()]},
    "tools-any": {"messages": [ASKED], "tools": [tool()], "tool_choice": {"type": "any"}},
    "tools-named": {"messages": [ASKED], "tools": [tool(), tool("get_time")],
                    "tool_choice": {"type": "tool", "name": "get_weather"}},
    "tools-one-by-one": {"messages": [ASKED], "tools": [tool()], "tool_choice": {
        "type": "auto", "disable_parallel_tool_use": True}},
    "tool-result": {"messages": [ASKED, USE, DONE], "tools": [tool()]},
    "image": {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is it?"}, PICTURE]}]},
    "thinking": {"messages": HELLO, "max_tokens": 8192,
                 "thinking": {"type": "enabled", "budget_tokens": 2048}},
    "history": {"messages": [*HELLO, {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"},
        {"type": "text", "text": "Hi."}]}, {"role": "user", "content": "Bye"}]},
    "user": {"messages": HELLO, "metadata": {"user_id": "user-1"}},
    "stream": {"messages": HELLO, "stream": True},
}
MESSAGES_TARGETS = RESPONSES_TARGETS
# Whose Responses API is asked for.
RESPONSES_ONLY = ("edenai/responses/openai/gpt-4o", "volcengine/responses/doubao-seed-1-6",
                  "fireworks_ai/responses/accounts/fireworks/models/deepseek-v3p1",
                  "litellm_proxy/responses/gpt-4o")
VARIABLES = {"CODESTRAL_API_KEY": KEY, "LITELLM_PROXY_API_KEY": KEY,
             "LITELLM_PROXY_API_BASE": "https://litellm.test"}

EACH = 5
# Folders of the corpus whose answers are fed. Not of whom LiteLLM asks in another language than we.
ANSWERS = {
    "text": ("openai", "anthropic", "gemini", "bedrock", "mistral", "groq", "openai/text"),
    "responses": ("openai/responses", "azure/responses", "openrouter/responses", "xai/responses",
                  "anthropic", "gemini", "bedrock", "cohere", "ollama", "mistral", "groq",
                  "deepseek", "vertex_ai"),
    "messages": ("anthropic", "gemini", "cohere", "ollama", "mistral", "groq", "openrouter", "xai",
                 "vertex_ai", "azure"),
}
SPEAKS = {"openai/responses": "openai/gpt-4o", "azure/responses": "azure/gpt-4o",
          "openrouter/responses": "openrouter/openai/gpt-4o", "xai/responses": "xai/grok-4"}


def calls():
    for operation, shapes, targets in (("text", TEXT, TEXT_TARGETS),
                                       ("responses", RESPONSES, RESPONSES_TARGETS + RESPONSES_ONLY),
                                       ("messages", MESSAGES, MESSAGES_TARGETS)):
        for target in targets:
            for name, shape in shapes.items():
                if operation == "messages":
                    shape = {"max_tokens": 1024, **shape}
                yield Call("request", {"model": target}, name, shape, operation)
    if replies.records.FOLDER.exists():
        for operation, folders in ANSWERS.items():
            who = {f: SPEAKS.get(f) or replies.TARGETS[f] for f in folders}
            yield from replies.successes(who, EACH, operation)
