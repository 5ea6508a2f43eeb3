"""Why the two sides differ, where they do, and who is right; printed as doc/parity.md."""

import fnmatch

import reasons_crossing
import reasons_deployment
import reasons_embed
import reasons_error
from compare import ABSENT, general
from rule import OURS, SAME, Rule


def left_out(a, b):
    """LiteLLM says nothing here."""
    return b == ABSENT


def request(target, path, verdict, why, **more):
    return Rule("request", target, path, verdict, why, **more)


RULES = [
    # ---- OpenAI's language
    request("*", "body.messages[].role", SAME,
            "the service takes developer for what it is: OpenAI documents it, OpenRouter was recorded "
            "to", when=lambda a, b: (a, b) == ("developer", "system")),
    request("openai|openrouter", "body.messages[]*cache_control.type", OURS,
            "marks stay where they do no harm (recorded 2025) and, on OpenRouter, do good"),
    request("azure", "body.messages[]*cache_control.type", OURS,
            "Azure's own validation is stricter than OpenAI's; there is no cache to mark"),
    request("*", "body.user", OURS,
            "an end user's name is OpenAI's own parameter and how abuse is traced: it is sent but to "
            "services that are known to refuse it", when=left_out),
    request("*", "body.stream_options.include_usage", OURS,
            "usage is asked for, or the stream's tokens could not be billed", when=left_out),
    request("*", "body.reasoning_effort", OURS,
            "goes to every model that may reason: the catalog's word counts, not a list in the "
            "gateway", when=left_out),
    request("hosted_vllm", "body.reasoning_effort", SAME,
            "a budget of 2048 as a word: LiteLLM has other thresholds in every provider's file",
            shape="thinking"),
    request("openrouter", "body.thinking*", OURS,
            "OpenRouter documents no `thinking`; the budget goes as reasoning_effort, which it has"),
    request("zai|deepseek", "refused*", OURS,
            "Z.AI documents `thinking`; LiteLLM fails on it inside the SDK", shape="thinking"),
    request("zai", "body.thinking.type", OURS,
            "Z.AI turns thinking on by `thinking` (docs.z.ai); LiteLLM leaves the effort out",
            when=left_out),
    request("groq|xai|fireworks_ai|moonshot|github", "body.max_*tokens", SAME,
            "the services take either name: xAI and Groq were recorded to, the others document it"),
    request("cerebras", "body.max_*tokens", OURS,
            "Cerebras calls max_tokens deprecated"),
    request("deepseek", "body.max_*tokens", OURS, "DeepSeek documents max_tokens only"),
    request("hyperbolic|zai|nadir|nscale", "body.max_tokens", OURS,
            "max_completion_tokens is renamed where LiteLLM loses the limit", shape="limit"),
    request("*", "body.messages[].content[].*", SAME,
            "texts of one message, in one part or in several", shape="parts"),
    request("deepseek|sambanova", "body.messages[].content[].*", OURS,
            "LiteLLM takes the image out of the message and says nothing; the provider's own error "
            "is the honest answer", shape="image*|file-*"),
    request("*", "body.messages[].content[].file.filename", SAME,
            "what a file without a name is called", shape="file-url"),
    request("azure", "body.messages[].content[].file.*", OURS,
            "Azure's file_id is an id, no address: what is there is fetched, as LiteLLM does for "
            "OpenAI", shape="file-url"),
    request("fireworks_ai", "refused*", SAME,
            "files are refused by the service itself", shape="file-*"),
    request("mistral", "body.messages[].content[].*", OURS,
            "a file is a document_url there (docs.mistral.ai); LiteLLM sends OpenAI's part, which "
            "Mistral's schema has not", shape="file-*"),
    request("openrouter", "body.messages[].content[].file.file_data", SAME,
            "OpenRouter takes a file's address as file_data (openrouter.ai/docs/features/multimodal)",
            shape="file-url"),
    request("cohere", "body.messages[].content[]*", OURS,
            "Cohere has no files: they are listed as dropped, or refused; LiteLLM sends what it "
            "answers with 400", shape="file-*"),
    request("ollama_chat", "body.messages[].images[]", OURS,
            "Ollama takes data only (docs/api.md): LiteLLM sends the address as if it were a picture",
            shape="image-*"),
    request("gemini", "body.contents[].parts[].*Data.*", SAME,
            "Gemini fetches public addresses itself "
            "(ai.google.dev/gemini-api/docs/file-input-methods)", shape="*-url|image-detail"),
    request("anthropic|vertex_ai", "body.messages[].content[].title", OURS,
            "a file's name is its title", shape="file-*", when=lambda a, b: b == ABSENT),
    request("anthropic", "headers.anthropic-beta", OURS,
            "a document at an address needs no beta of the Files API", shape="file-url"),
    request("vertex_ai", "body.messages[].content[].source.*", OURS,
            "Claude on Vertex takes no addresses (platform.claude.com, features by platform)",
            shape="*-url"),
    request("bedrock", "body.messages[].content[].document.name", SAME,
            "the file's own name, where LiteLLM makes one up", shape="file-*"),
    request("mistral", "body.*_penalty|body.n", OURS,
            "docs.mistral.ai has them (recorded 2025); LiteLLM leaves them out"),
    request("mistral", "body.tool_choice*", OURS,
            "docs.mistral.ai takes required and a function's name; LiteLLM says any"),
    request("groq", "body.n|body.*logprobs", OURS,
            "Groq answers them with 400 (console.groq.com/docs/openai)"),
    request("xai", "body.presence_penalty", OURS,
            "xAI's reasoning models refuse it (docs.x.ai/docs/guides/reasoning)"),
    request("fireworks_ai|featherless_ai|deepinfra", "body.tool_choice*", OURS,
            "the service takes it; LiteLLM forwards it for models on its list only"),
    request("cerebras|deepinfra", "body.n|body.*logprobs|body.parallel_tool_calls|body.seed", OURS,
            "the service documents it; LiteLLM leaves it out", when=left_out),
    request("baseten|zai", "body.parallel_tool_calls|body.seed", OURS,
            "the service takes it (seed was recorded with Z.AI in 2025); LiteLLM leaves it out",
            when=left_out),
    request("zai", "body.response_format*", OURS,
            "docs.z.ai has response_format; LiteLLM leaves the wish out", when=left_out),
    request("ai21_chat", "body.top_p", OURS,
            "docs.ai21.com has top_p; LiteLLM leaves it out", when=left_out),
    request("groq", "body.tools[].function.description", OURS,
            "the tool that stands for the schema says what it is for", when=left_out, shape="schema"),
    request("deepseek", "body.response_format*|body.messages*", OURS,
            "DeepSeek answers 400 to json_schema (github.com/llm-exe/llm-exe/issues/662, 2026-07): the "
            "schema goes into the prompt, beside json_object", shape="schema"),
    request("moonshot", "body.messages[].content[].text", SAME,
            "what the user says for tool_choice=required, in other words", shape="tools-required"),
    request("*", "body.messages*|body.tools*|body.tool_choice*", OURS,
            "where the model takes no response_format it is asked for JSON in words, or by a tool; "
            "LiteLLM leaves the wish out", shape="json|schema", when=left_out),
    request("featherless_ai|v0", "body.messages*", OURS,
            "it takes no response_format, so it is asked for JSON in words; LiteLLM leaves the wish "
            "out", shape="json|schema"),
    request("volcengine", "body.response_format*", OURS,
            "the service documents it; LiteLLM leaves the wish out", when=left_out),
    request("volcengine|tencent", "body.thinking.type", OURS,
            "the effort turns thinking on or off; LiteLLM leaves it out", when=left_out),
    request("volcengine", "body.thinking.budget_tokens", OURS,
            "thinking has a type only (www.volcengine.com/docs/82379/1449737)", shape="thinking"),
    request("tencent", "body.thinking.budget_tokens", OURS,
            "Tencent's thinking takes a budget; LiteLLM leaves it out for models that it does not know",
            shape="thinking", when=left_out),
    request("together_ai", "body.reasoning.enabled", SAME,
            "thinking is switched on beside the effort", when=left_out),
    request("groq", "body.reasoning_effort", OURS,
            "gpt-oss has three levels, and cannot be told not to think",
            shape="effort-none|effort-max"),
    request("xai", "body.input[].content*", SAME, "a text, or a list of one text", shape="search"),
    request("xai", "body.include[]|body.store", OURS,
            "nothing is kept there, and what was thought comes along for the next turn",
            shape="search"),
    request("openai", "body.reasoning_effort", OURS,
            "the model has other levels: it gets the nearest", shape="effort-max"),
    request("ollama_chat", "body.think", OURS,
            "the highest effort is not none", shape="effort-max"),
    request("deepseek", "body.messages[].reasoning_content", OURS,
            "the reasoner's calls want their reasoning back, whether or not the request says that it "
            "is to think", when=left_out),
    request("mistral|groq", "body.messages[].*", OURS,
            "members of messages that the service does not know are answered with 400 or 422",
            shape="history"),
    request("cohere", "body.messages[].*", OURS,
            "thinking goes back as Cohere's content has it, not as members that it does not know",
            shape="history"),
    request("ollama_chat", "body.messages[].thinking", OURS,
            "Ollama takes earlier thinking back", shape="history", when=left_out),
    request("openai/responses/*", "body.input[].summary*", OURS,
            "reasoning that is another's has no id and no encrypted content that OpenAI would know",
            shape="history"),
    # ---- Anthropic's
    request("anthropic|vertex_ai", "body.thinking.type", SAME,
            "disabled is what a request is that says nothing", shape="effort-none"),
    request("anthropic|bedrock|vertex_ai", "body.*thinking.budget_tokens", OURS,
            "a budget stays under the client's max_tokens; LiteLLM's is over it, which is answered "
            "with 400", shape="effort-max"),
    request("gemini|vertex_ai", "refused*", OURS,
            "the highest effort is the most that the model has; LiteLLM refuses the word",
            shape="effort-max"),
    request("gemini|vertex_ai", "body.generationConfig.thinkingConfig.includeThoughts", SAME,
            "false is the default", shape="effort-none", when=lambda a, b: b is False),
    request("anthropic|bedrock|vertex_ai", "body.messages[].content[].text", SAME,
            "a system message in the middle stands among the user's texts, with a note that it does",
            shape="system-late"),
    request("anthropic|vertex_ai", "body.tools[].type", SAME, "custom is what tools without a type are"),
    request("anthropic|bedrock|vertex_ai", "body.system[].*", OURS,
            "a wish for JSON without a schema is told to the model; LiteLLM drops it", shape="json"),
    request("anthropic", "body.output_*|headers.anthropic-beta", SAME,
            "output_config.format is what became of the beta's output_format", shape="schema"),
    request("anthropic|bedrock|vertex_ai", "body.top_p|body.inferenceConfig.topP", OURS,
            "Claude's newer models answer 400 to temperature beside top_p "
            "(github.com/BerriAI/litellm/issues/15097)", shape="sampling"),
    request("vertex_ai", "body.max_tokens", OURS,
            "the most that the model says, where LiteLLM does not find it under its dated name and "
            "cuts answers off at 4096"),
    request("vertex_ai", "headers.x-api-key|headers.anthropic-version", SAME,
            "Vertex takes the token as a bearer, and the version in the body"),
    # ---- Gemini's
    request("gemini|vertex_ai", "body.contents[].parts[].text|body.systemInstruction*", OURS,
            "a system message in the middle keeps its place; LiteLLM moves it to the front",
            shape="system-late"),
    request("gemini|vertex_ai", "body.generationConfig.logprobs", OURS,
            "top_logprobs is how many alternatives are wanted; LiteLLM leaves it out"),
    request("gemini|vertex_ai", "body.tools[].functionDeclarations[].parameters*", SAME,
            "a schema goes as JSON Schema, which takes every keyword, not as OpenAPI's subset of it"),
    request("gemini|vertex_ai", "body.contents[].parts[].functionResponse.response.*", OURS,
            "FunctionResponse names the key `output` for what a function gave (the proto)"),
    # ---- Bedrock's
    request("bedrock", "body.toolConfig.toolChoice|body.toolConfig.tools[].toolSpec.inputSchema.json."
            "required|body.toolConfig.tools[].toolSpec.inputSchema.json.additionalProperties", SAME,
            "what is empty or the default need not be said"),
    request("bedrock", "body.toolConfig.tools[]*", OURS,
            "Converse has no choice `none`: without the tools nothing can be called, with them LiteLLM "
            "leaves the model free", shape="tools-none"),
    request("bedrock", "body.toolConfig.tools[].toolSpec.description", SAME,
            "a description that nobody wrote is none"),
    request("bedrock", "body.outputConfig*", SAME, "the same schema, with other white space",
            shape="schema"),
    # ---- Responses
    request("openai/responses/*", "body.input[].content*|body.input[].output*", SAME,
            "a text, or a list of one text"),
    request("openai/responses/*", "body.store", OURS,
            "nobody asked for the conversation to be kept; the default is to keep it"),
    request("openai/responses/*", "body.input[].role|body.input[].type|body.instructions", SAME,
            "instructions are a first message of the developer"),
    request("openai/responses/*", "body.include[]", OURS,
            "log-probabilities come only when they are included; LiteLLM leaves it out", when=left_out),
    request("openai/responses/*", "body.tools[].strict", OURS,
            "the default is strict here and is not in chat completions: said, so that the schema "
            "means what it meant", when=left_out),
    # ---- Text completions
    request("text-completion-openai", "body.prompt*", OURS,
            "one prompt, with who says what; LiteLLM sends each message as a prompt of its own and "
            "gets as many answers"),
    request("text-completion-openai", "body.max_tokens", OURS, "LiteLLM loses the limit",
            shape="limit", when=left_out),
    request("text-completion-openai", "body.stop*", SAME, "one word, or a list of one",
            shape="stop-word"),
    request("text-completion-openai", "refused*", OURS,
            "what a prompt cannot have is dropped and listed; LiteLLM fails inside the SDK"),
    # ---- Cohere's
    request("cohere", "body.num_generations", OURS,
            "v2 has no such parameter: the wish for several choices is an error, or listed"),
    request("cohere|ollama_chat", "body.stop_sequences*|body.options.stop*", SAME,
            "one word, or a list of one", shape="stop-word"),
    request("cohere", "body.logprobs|body.tool_choice|body.response_format*|body.thinking*", OURS,
            "docs.cohere.com/reference/chat has it; LiteLLM leaves it out", when=left_out),
    request("cohere|ollama_chat", "body.tools[]*", OURS,
            "one tool alone can be demanded by offering no other; LiteLLM leaves the choice out",
            shape="tools-named"),
    # ---- Ollama's
    request("ollama_chat", "body.messages[].images", SAME, "no images are none",
            when=lambda a, b: a == ABSENT),
    request("ollama_chat", "headers*", SAME, "a body of JSON is called one",
            when=lambda a, b: b in (ABSENT, {})),
    request("ollama_chat", "body.options.*_penalty", OURS,
            "the penalties are options of their own names, as Ollama's own OpenAI address has them; "
            "LiteLLM makes repeat_penalty of one, whose neutral value is 1, and drops the other"),
    request("ollama_chat", "body.*logprobs", OURS,
            "docs.ollama.com/api/chat has it; LiteLLM leaves it out", when=left_out),
    request("ollama_chat", "body.tools[]*", OURS,
            "there is no choice `none`: without the tools nothing can be called", shape="tools-none"),
    request("ollama_chat", "body.messages[].tool_*", OURS,
            "a result names its tool, and calls and results keep their ids", when=left_out),
    # ---- Replies
    Rule("reply", "mistral", "usage.cached", OURS,
         "what was read from a cache, recorded 2026; LiteLLM leaves it out", when=left_out),
    Rule("reply", "cohere", "choices.0.finish", OURS,
         "the reply's own reason; LiteLLM says stop where the limit was reached or tools are called"),
    Rule("reply", "cohere", "usage.cached", OURS, "LiteLLM leaves it out", when=left_out),
    Rule("reply", "cohere", "choices.0.reasoning|choices.0.thinking_blocks[].*|choices.0.annotations",
         OURS, "thinking, the plan for tools, what they cite: LiteLLM loses them", when=left_out),
    Rule("stream", "cohere", "*", OURS,
         "LiteLLM breaks off at the first named event, or loses calls, reason and usage",
         when=lambda a, b: ABSENT in (a, b)),
    Rule("*", "ollama_chat", "choices.0.calls[].id", OURS,
         "Ollama's own id of the call, or one made of the reply's, where LiteLLM makes any up"),
    Rule("stream", "ollama_chat", "choices.0.thinking_blocks[].*", SAME,
         "what is thought stands in reasoning_content; in blocks, too, as of other providers"),
    Rule("stream", "ollama_chat", "usage.reasoning", OURS,
         "Ollama does not say it; LiteLLM tells a guess as a count", when=lambda a, b: a == ABSENT),
    Rule("stream", "openai|bedrock|azure|text-completion-openai", "usage.*", OURS,
         "where a provider tells usage, it is that; LiteLLM loses Bedrock's and guesses. Where none "
         "does, what is counted has the tools in it, and calls as they are written"),
    Rule("*", "anthropic|bedrock", "choices.0.calls[].*", OURS,
         "what the provider's own tools did is no call for the client to answer: it stands in "
         "provider_specific_fields.content_blocks, and goes back from there"),
    Rule("reply", "bedrock", "choices.0.thinking_blocks[].*", SAME,
         "thinking without a signature stands in reasoning_content; a block has nothing to add"),
    Rule("reply", "vertex_ai", "choices.0.finish", OURS,
         "Gemini says that it did not expect the call (UNEXPECTED_TOOL_CALL), and it is told so"),
    Rule("*", "vertex_ai|gemini", "usage.total", SAME, "the provider's own total"),
    Rule("*", "openai/responses/*", "choices.0.thinking_blocks[].*", OURS,
         "thinking comes back encrypted, so that the next turn keeps it", when=left_out),
    Rule("*", "openai/responses/*", "choices.0.reasoning", OURS,
         "all that was thought; LiteLLM keeps the last item of several"),
    Rule("*", "openai/responses/*", "choices.0.annotations", OURS, "LiteLLM loses them",
         when=left_out),
    Rule("*", "groq", "*", OURS,
         "LiteLLM fails on replies of Groq's with a service_tier that it does not know, and on errors "
         "within a stream", when=lambda a, b: b in (ABSENT, "APIConnectionError", 500, "ValueError",
                                                    "groq", None)),
    Rule("reply", "groq", "choices.0.content|choices.0.reasoning", OURS,
         "thinking between tags stands in reasoning_content, as it does of other providers",
         when=lambda a, b: not str(a).startswith("<think>")),
    Rule("stream", "groq", "usage.*", OURS, "what Groq counted (in x_groq); LiteLLM guesses"),
    Rule("stream", "openai|azure", "choices.[0-9].finish", OURS,
         "a stream that calls ends in tool_calls, as LiteLLM itself says of whole replies",
         when=lambda a, b: (a, b) == ("tool_calls", "stop")),
    Rule("*", "openrouter", "choices.0.refusal", OURS, "LiteLLM loses a refusal's text, or all but its "
         "first word in a stream", when=lambda a, b: b == ABSENT or str(a).startswith(str(b))),
    # ---- Errors: every one that was recorded, and is not the same as another
    Rule("error", "bedrock", "error.*", OURS,
         "a bad token or signature is a failed authentication (AWS answers 403 to it, and names it "
         "in a header), which OpenAI's clients know as 401",
         when=lambda a, b: a in ("AuthenticationError", 401)),
    Rule("error", "replicate", "error.*", OURS, "404 says what is not there",
         when=lambda a, b: a in ("NotFoundError", 404)),
    Rule("error", "openai", "*", OURS,
         "an error, as OpenAI says (max_tokens were spent on thinking); LiteLLM makes an empty answer "
         "of it", when=lambda a, b: ABSENT in (a, b)),
    Rule("error", "openrouter", "error.class", OURS, "the provider says that content violates its rules",
         when=lambda a, b: a == "ContentPolicyViolationError"),
    *(Rule("error", "*", "error.class", OURS, why + ", whatever type the provider calls it",
           when=lambda a, b, ours=ours: a == ours) for ours, why in (
               ("AuthenticationError", "401 is a failed authentication"),
               ("PermissionDeniedError", "403 is a lack of permission"),
               ("NotFoundError", "404 says what is not there"),
               ("UnprocessableEntityError", "422 says what is wrong: the request"))),
    Rule("error", "*", "error.class", OURS, "421 is about the request, 501 about the server",
         when=lambda a, b: b == "APIError"),
    Rule("stream", "*", "usage.reasoning", OURS,
         "the provider does not say it; LiteLLM counts what was shown with a tokenizer of OpenAI's and "
         "tells the guess as a count", when=lambda a, b: a == ABSENT),
    Rule("stream", "mistral", "choices.1.finish", OURS, "LiteLLM loses the second choice's reason"),
    Rule("*", "text-completion-openai", "*", OURS,
         "LiteLLM fails on replies without an id, or merges the choices of a stream into one",
         when=lambda a, b: ABSENT in (a, b) or isinstance(a, str)),
    Rule("*", "openai", "choices.0.refusal", OURS, "LiteLLM loses a refusal's text", when=left_out),
    Rule("*", "anthropic|bedrock|vertex_ai", "usage.reasoning", OURS,
         "Anthropic does not say it; LiteLLM counts the shown summary with a tokenizer of OpenAI's and "
         "tells the guess as a count", when=lambda a, b: a == ABSENT),
    Rule("*", "gemini|vertex_ai", "choices.0.calls[].id", OURS,
         "Gemini's own id of the call, where LiteLLM makes one up"),
    Rule("*", "gemini|vertex_ai", "choices.0.thinking_blocks[].*", OURS,
         "signatures go with every turn, so that the next one keeps its thinking", when=left_out),
]


RULES = [*reasons_error.RULES, *reasons_crossing.RULES, *reasons_deployment.RULES,
         *reasons_embed.RULES, *RULES]


def find(kind, target, name, path, a, b, ours, theirs):
    for rule in RULES:
        if (concerns(rule.kind, kind) and matches(rule.target, target, name.split()[0])
                and matches(rule.shape, name.split()[-1]) and matches(rule.path, path, general(path))
                and (rule.when is None or rule.when(a, b))):
            return rule
    return None


def concerns(rule_kind, kind):
    """A reason that names no operation is one of chats; whose requests others become, too."""
    operation, _, what = kind.rpartition(" ")
    if not operation or rule_kind.partition(" ")[0] == operation:
        return fnmatch.fnmatchcase(kind, rule_kind)
    return rule_kind == what == "request" and operation != "embed"


def matches(pattern, *names):
    return any(fnmatch.fnmatchcase(n, p.replace("[]", "[[]]")) for p in pattern.split("|")
               for n in names)


INTRO = """# llmux and LiteLLM, call by call

`make parity` sends the same calls through both, with every provider's own address, key and body, into a
proxy that records them, and feeds both the same recorded replies. These are the differences that there
are, with who is right. Printed by `test/parity/reasons.py`, which the comparison itself reads: what is
not listed here fails it.

| what | provider | where | verdict | why |
| --- | --- | --- | --- | --- |
"""


def document():
    def cell(text):
        return text.replace("|", ", ").replace("*", "\\*")
    return INTRO + "".join(
        f"| {cell(r.kind)} {'' if r.shape == '*' else r.shape} | {cell(r.target)} | {cell(r.path)} | "
        f"{r.verdict} | {r.why} |\n" for r in RULES)


if __name__ == "__main__":
    print(document(), end="")
