"""Why text completions, the Responses API and Anthropic's Messages differ, and who is right: rows of
the list in reasons.py."""

from compare import ABSENT
from rule import OURS, SAME, Rule


def left_out(a, b):
    return b == ABSENT


def added(a, b):
    return a == ABSENT


RULES = [
    # ---- Text completions
    Rule("text request", "*", "body.prompt*", SAME, "one prompt, or a list of one", shape="list"),
    Rule("text request", "*", "refused*", OURS,
         "a chat has one prompt: a clear error, where LiteLLM makes several prompts the turns of one "
         "conversation, or fails", shape="several|tokens"),
    Rule("text request", "*", "body.prompt*", OURS, "tokens stay tokens, prompts prompts",
         shape="several|tokens"),
    Rule("text request", "*", "body.*logprobs|body.*responseLogprobs", OURS,
         "a number of log-probabilities is top_logprobs to a chat; LiteLLM sends the number as the "
         "switch", shape="logprobs"),
    Rule("text request", "*", "body.*echo|body.*suffix", OURS,
         "no chat has it: an error, or dropped and listed; LiteLLM sends it, which is answered with "
         "400 or ignored", shape="echo|suffix", when=added),
    Rule("text request", "deepseek|openrouter", "*", OURS,
         "the service completes text; LiteLLM asks its chats"),
    Rule("text *", "mistral", "usage.cached", OURS, "LiteLLM leaves it out", when=left_out),
    Rule("text stream", "mistral", "choices.1.finish", OURS, "LiteLLM loses the second's reason"),
    Rule("text stream", "groq", "error.*", OURS,
         "LiteLLM fails on an error within a stream, and tells it as its own"),
    Rule("text stream", "text-completion-openai", "choices*", OURS,
         "LiteLLM merges the choices of a stream into one"),
    # ---- The Responses API
    Rule("responses request", "*", "body.tools[].function.strict|body.messages[].tool_calls[].index|"
         "body.messages[].content[].image_url.detail|body.tools[].strict", SAME,
         "what is the default, or need not be said", when=added),
    Rule("responses request", "*", "body.stream", OURS,
         "the stream that was asked for; LiteLLM waits for the whole answer where it does not know "
         "the model", when=left_out, shape="stream"),
    Rule("responses request", "azure", "query*", SAME,
         "the v1 API has no versions, `preview` is what it is today "
         "(learn.microsoft.com/azure/foundry/openai/api-version-lifecycle)"),
    Rule("responses request", "azure", "body.reasoning*", OURS,
         "models that do not reason refuse it", when=added),
    Rule("responses request", "fireworks_ai", "body.input[]*|body.instructions", SAME,
         "a system message is an instruction", shape="developer"),
    Rule("text request", "text-completion-codestral", "body.stream", OURS,
         "the stream that was asked for", when=left_out),
    Rule("responses request", "xai|fireworks_ai", "body.metadata*", OURS, "LiteLLM loses it",
         when=left_out),
    Rule("responses *", "*", "failed", OURS,
         "LiteLLM fails on what the provider was recorded to answer",
         when=added),
    Rule("responses *", "gemini|vertex_ai|ollama_chat", "output.function_call[].call_id", OURS,
         "the provider's own id of the call, or one made of the reply's; LiteLLM makes any up"),
    Rule("responses *", "gemini|vertex_ai", "output.reasoning[]*", OURS,
         "signatures go with every turn, so that the next one keeps its thinking", when=left_out),
    Rule("responses *", "*", "response.function_call_arguments.delta", SAME,
         "the same JSON, with other white space"),
    Rule("responses *", "*", "events[]", OURS,
         "a part that began is ended, a citation told, as OpenAI's own streams do"),
    Rule("responses *", "gemini|cohere", "output.message[].annotations", OURS,
         "LiteLLM loses them, or some"),
    Rule("responses *", "bedrock", "output.function_call[].*", OURS,
         "what the provider's own tools did is no call for the client to answer"),
    Rule("responses *", "cohere|mistral", "usage.cached", OURS, "LiteLLM leaves it out",
         when=left_out),
    Rule("responses *", "cohere|groq", "output.reasoning[]*", OURS,
         "thinking, and the plan for tools: LiteLLM loses them", when=left_out),
    Rule("responses *", "ollama_chat|deepseek", "output.message[].*", OURS,
         "nothing was said: there is no empty message beside the call", when=added),
    Rule("responses *", "ollama_chat", "usage.reasoning", OURS,
         "Ollama does not say it; LiteLLM tells a guess as a count", when=added),
    Rule("responses *", "mistral", "output.message[].text|response.output_text.delta", OURS,
         "one of two choices is the answer; LiteLLM mixes them"),
    Rule("responses *", "groq", "error.*", OURS,
         "LiteLLM fails on an error within a stream, and tells it as its own"),
    # ---- Anthropic's Messages
    Rule("messages request", "openai", "*", SAME,
         "the service takes either language: chats here, LiteLLM asks in the Responses API and "
         "loses stop sequences on the way"),
    Rule("messages request", "deepseek", "*", SAME,
         "the service takes either language: chats here, Anthropic's in LiteLLM"),
    Rule("messages request", "bedrock", "*", SAME,
         "the service takes either language: Converse here, InvokeModel in LiteLLM"),
    Rule("messages request", "anthropic", "body.stream", SAME, "false is the default"),
    Rule("messages request", "azure|mistral|cohere", "body.top_k|body.k", OURS,
         "the service calls it otherwise, or refuses it"),
    Rule("messages request", "*", "body.parallel_tool_calls", OURS,
         "LiteLLM loses disable_parallel_tool_use", when=left_out),
    Rule("messages request", "*", "body.messages[].reasoning_content|body.messages[].thinking_blocks*|"
         "body.messages[].reasoning_details*", OURS,
         "thinking of an earlier turn goes back only as the target has it", shape="history"),
    Rule("messages request", "gemini|vertex_ai", "body.contents[].parts[].*", OURS,
         "thinking that another signed is none of Gemini's", shape="history"),
    Rule("messages request", "ollama_chat", "headers*", SAME, "a body of JSON is called one"),
    Rule("messages request", "ollama_chat", "body.think", OURS,
         "Ollama answers 400 to it where the model does not think", when=added),
    Rule("messages request", "openrouter", "body.reasoning_effort", SAME,
         "a budget of 2048 as a word", shape="thinking"),
    Rule("messages *", "groq", "failed", OURS,
         "an error within a stream is told as what it is; LiteLLM tells an event of its own"),
    Rule("messages *", "*", "failed", OURS,
         "LiteLLM fails on what the provider was recorded to answer", when=added),
    Rule("messages *", "gemini|vertex_ai|ollama_chat", "content.tool_use[].id|content.tool_use[]*"
         "signature", OURS,
         "the provider's own id of the call, or one made of the reply's, with the signature in it, "
         "which comes back with the result; LiteLLM makes any up"),
    Rule("messages *", "*", "content.thinking[]*|content.redacted_thinking[]*", OURS,
         "thinking, its signature, the plan for tools: LiteLLM loses them", when=left_out),
    Rule("messages stream", "cohere", "*", OURS,
         "LiteLLM breaks off at the first named event"),
    Rule("messages reply", "cohere", "stop", OURS, "the reply's own reason"),
    Rule("messages reply", "cohere", "content.text[].citations*", OURS, "LiteLLM loses them",
         when=left_out),
    Rule("messages reply", "cohere|mistral", "usage.*", OURS,
         "what was read from a cache; LiteLLM leaves it out"),
    Rule("messages reply", "ollama_chat|xai", "content.text[].*", OURS,
         "nothing was said: there is no empty text beside the call, which Anthropic refuses to get "
         "back", when=added),
    Rule("messages stream", "mistral", "content.*", OURS,
         "LiteLLM merges calls that were made together, and choices"),
    Rule("messages stream", "azure", "usage.*", OURS,
         "where the provider tells no usage, it is counted with the model's own vocabulary; LiteLLM "
         "takes an older one"),
]
