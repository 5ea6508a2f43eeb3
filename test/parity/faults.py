"""Errors nobody recorded: every status, and the words that LiteLLM or providers know a fault by, in
the shape that each provider's errors have."""

import json

from calls import Call

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
STATUSES = (400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 424, 425, 429, 498, 500, 502, 503,
            504, 520, 522, 524, 529)
NEUTRAL = "It did not work"
# Sentences as providers say them, and the status they come with.
CONTEXT = {
    "openai": "This model's maximum context length is 8192 tokens. However, your messages resulted in "
              "9001 tokens. Please reduce the length of the messages.",
    "openai-responses": "Your input exceeds the context window of this model. Please adjust your input "
                        "and try again.",
    "openai-limit": "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted "
                    "in 300000 tokens.",
    "too-long-string": "Invalid 'messages[0].content': string too long. Expected a string with maximum "
                       "length 1048576, but got a string with length 2000000 instead.",
    "anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
    "anthropic-budget": "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "first-claude": "prompt: length: 1..210000",
    "gemini": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "vertex": "400 Request payload size exceeds the limit: 20971520 bytes.",
    "bedrock": "Input is too long for requested model.",
    "bedrock-many": "Too many input tokens. Max input tokens: 8192, request input token count: 9001",
    "bedrock-tokens": "The request has too many tokens: 9001 of 8192",
    "titan": "Malformed input request: expected maxLength: 50000, actual: 60000, please reformat your "
             "input and try again.",
    "cerebras": "Please reduce the length of the messages or completion. Current length is 9001 while "
                "limit is 8192",
    "llamacpp": "the request exceeds the available context size. try increasing the context size or "
                "enable context shift",
    "tgi": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
    "vllm": "The decoder prompt (length 9001) is longer than the maximum model length of 8192.",
    "databricks": "Prompt is longer than the model's context length: 9001 > 8192",
    "deepinfra": "This model's maximum context limit is 8192 tokens",
    "watsonx": "the number of input tokens 9001 cannot exceed the total tokens limit 8192 for this "
               "model",
    "mistral": "Prompt contains 9001 tokens and 0 draft tokens, too large for model with 8192 maximum "
               "context length",
    "dashscope": "Range of input length should be [1, 129024]",
    "moonshot": "Invalid request: Your request exceeded model token limit: 8192",
    "xai": "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
    "sagemaker": "Prediction failed: choose an instance type with more CPU capacity or memory",
    "huggingface": "length limit exceeded: 9001 of 8192",
    "nlp_cloud": "Input text length should not exceed 1024 tokens",
    "together": "Maximum input length is 8192 tokens, and 9001 were given",
    "ai21": "Prompt has too many tokens",
}
POLICY = {
    "openai": "Your request was rejected as a result of our safety system.",
    "openai-prompt": "Invalid prompt: your prompt was flagged as potentially violating our usage "
                     "policy. Please try again with a different prompt.",
    "azure": "The response was filtered due to the prompt triggering Azure OpenAI's content management "
             "policy. Please modify your prompt and retry.",
    "azure-task": "Your task failed as a result of our safety system.",
    "azure-invalid": "The model produced invalid content. Consider modifying your prompt if you are "
                     "seeing this error persistently.",
    "anthropic": "Output blocked by content filtering policy",
    "vertex": "The response was blocked.",
    "azure-code": "content_filter_policy: the prompt cannot be answered",
    "dashscope": "Input data may contain inappropriate content.",
    "deepseek": "Content Exists Risk",
}
OTHER = {  # word: (sentence, status)
    "rate-limit": ("Rate limit reached for this organization", 400),
    "rate-limit-429": ("Error 429: slow down", 400),
    "tier": ("Service tier capacity exceeded for this model.", 400),
    "too-large": ("Request too large for this model on tokens per minute: Limit 30000", 413),
    "quota": ("Quota exceeded for requests per minute", 403),
    "exhausted": ("Resource exhausted. Please try again later.", 429),
    "throttled": ("Request was throttled. Expected available in 10 seconds.", 429),
    "throttling": ("ThrottlingException: Too many requests", 400),
    "overloaded": ("Overloaded", 529),
    "overloaded-400": ("overloaded_error: Overloaded", 400),
    "overloaded-model": ("The model is overloaded. Please try again later.", 503),
    "key": ("Incorrect API key provided: sk-none", 401),
    "key-400": ("API key not valid. Please pass a valid API key.", 400),
    "key-anthropic": ("Invalid API Key", 400),
    "token": ("The security token included in the request is invalid.", 403),
    "access": ("AccessDeniedException: no access to the model", 403),
    "key-cohere": ("invalid api token", 401),
    "deployment": ("DeploymentNotFound: The API deployment for this resource does not exist", 404),
    "timeout": ("A timeout occurred", 400),
    "server": ("The server had an error processing your request. Sorry about that!", 400),
    "internal": ("Internal server error", 400),
    "user": ("Invalid 'user': string too long. Expected a string with maximum length 64", 400),
    "context-word": ("messages: the context of the length parameter is wrong", 400),
    "image": ("Could not process image", 400),
    "encrypted": ("The encrypted content could not be verified", 400),
}


def openai(text, status):
    return {"error": {"message": text, "type": "invalid_request_error" if status == 400 else "error",
                      "param": None, "code": None}}


def anthropic(text, status):
    kinds = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
             404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
             529: "overloaded_error"}
    return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": text}}


def google(text, status):
    words = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED",
             404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
    return {"error": {"code": status, "message": text, "status": words.get(status, "INTERNAL")}}


def message(text, _):
    return {"message": text}


def error(text, _):
    return {"error": text}


def detail(text, status):
    return {"title": "It failed", "detail": text, "status": status}


SHAPES = {
    "openai/gpt-4o": openai, "azure/gpt-4o": openai, "anthropic/claude-sonnet-4-5": anthropic,
    "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0": message,
    "gemini/gemini-2.5-flash": google, "vertex_ai/gemini-2.5-flash": google,
    "vertex_ai/claude-sonnet-4-5@20250929": anthropic, "cohere/command-a-03-2025": message,
    "ollama_chat/llama3.1": error, "mistral/mistral-large-latest": openai,
    "groq/llama-3.3-70b-versatile": openai, "deepseek/deepseek-chat": openai, "xai/grok-4": error,
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo": openai,
    "openrouter/openai/gpt-4o": openai, "huggingface/meta-llama/Llama-3.3-70B-Instruct": error,
    "cerebras/llama-3.3-70b": openai, "dashscope/qwen-max": openai,
    "hosted_vllm/llama-3": openai, "sagemaker_chat/my-endpoint": message,
    "databricks/databricks-meta-llama": message, "cloudflare/@cf/meta/llama-3.1-8b": openai,
    "replicate/meta/meta-llama-3-8b-instruct": detail, "watsonx/ibm/granite-3-8b-instruct":
    lambda text, status: {"errors": [{"code": "invalid_input", "message": text}]},
}
VARIABLES = {"CLOUDFLARE_API_KEY": "sk-parity", "CLOUDFLARE_ACCOUNT_ID": "account"}


def calls():
    words = [(f"status-{status}", NEUTRAL, status) for status in STATUSES]
    words += [(f"context-{name}", text, 400) for name, text in CONTEXT.items()]
    words += [(f"policy-{name}", text, 400) for name, text in POLICY.items()]
    words += [(f"word-{name}", text, status) for name, (text, status) in OTHER.items()]
    for target, shape in SHAPES.items():
        for name, text, status in words:
            reply = (status, {"content-type": "application/json", "retry-after": "7"},
                     json.dumps(shape(text, status)).encode())
            yield Call("error", {"model": target}, f"words {name}", HELLO, reply=reply)
