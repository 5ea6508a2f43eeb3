"""What a deployment says beside its model, in litellm_params: what is sent then, and what is made of
a reply."""

from calls import Call
from shapes import KEY, SHAPES, WEATHER

HELLO = [{"role": "user", "content": "Hello"}]
LONG = {"messages": [{"role": "system", "content": "A long text."}, *HELLO]}
OPENAI, AZURE, CLAUDE = "openai/gpt-4o", "azure/gpt-4o", "anthropic/claude-sonnet-4-5"
GEMINI, VERTEX = "gemini/gemini-2.5-flash", "vertex_ai/gemini-2.5-flash"
NOVA, CONVERSE = "bedrock/amazon.nova-pro-v1:0", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
GROQ, VLLM = "groq/llama-3.3-70b-versatile", "hosted_vllm/llama-3"
KEYS = {"aws_access_key_id": "AKIDOTHER", "aws_secret_access_key": "other"}
SAID = {"temperature": 0.3, "seed": 7, "logit_bias": {"9906": 1}, "messages": HELLO}


def points(*each):
    return {"cache_control_injection_points": list(each)}


# name: (model, what else the deployment says, the request)
DEPLOYMENTS = {
    "extra-headers": (OPENAI, {"extra_headers": {"x-team": "a", "api-key": "b"}}, SHAPES["plain"]),
    "headers": (OPENAI, {"headers": {"anthropic-beta": "c"}}, SHAPES["plain"]),
    "beta": (CLAUDE, {"extra_headers": {"anthropic-beta": "context-1m-2025-08-07"}}, SHAPES["plain"]),
    "organization": (OPENAI, {"organization": "org-1"}, SHAPES["plain"]),
    "key": (OPENAI, {"api_key": "sk-other"}, SHAPES["plain"]),
    "base": (OPENAI, {"api_base": "https://mine.test/v1", "api_key": KEY}, SHAPES["plain"]),
    "base-slash": (OPENAI, {"api_base": "https://mine.test/v1/", "api_key": KEY}, SHAPES["plain"]),
    "base-claude": (CLAUDE, {"api_base": "https://mine.test"}, SHAPES["plain"]),
    "base-gemini": (GEMINI, {"api_base": "https://mine.test/v1beta/models/gemini-2.5-flash"},
                    SHAPES["plain"]),
    "base-ollama": ("ollama_chat/llama3.1", {"api_base": "https://mine.test/"}, SHAPES["plain"]),
    "provider": ("my-model", {"custom_llm_provider": "openai", "api_base": "https://mine.test/v1"},
                 SHAPES["plain"]),
    "provider-vllm": ("my/model", {"custom_llm_provider": "hosted_vllm"}, SHAPES["plain"]),
    "provider-claude": ("claude-x", {"custom_llm_provider": "anthropic"}, SHAPES["plain"]),
    "version": (AZURE, {"api_version": "2025-01-01-preview"}, SHAPES["plain"]),
    "version-latest": (AZURE, {"api_version": "latest"}, SHAPES["plain"]),
    "base-model": (AZURE, {"base_model": "azure/gpt-4o"}, SHAPES["plain"]),
    "azure-token": (AZURE, {"azure_ad_token": "token", "api_key": None}, SHAPES["plain"]),
    "drop": (GROQ, {"drop_params": True}, {**SAID}),
    "drop-more": (OPENAI, {"additional_drop_params": ["temperature", "seed"]}, SAID),
    "drop-path": (OPENAI, {"additional_drop_params": ["tools[*].function.description"]},
                  {"messages": HELLO, "tools": [WEATHER]}),
    "allowed": (CLAUDE, {"allowed_openai_params": ["seed"]}, {"messages": HELLO, "seed": 7}),
    "defaults": (OPENAI, {"temperature": 0.7, "max_tokens": 99}, SHAPES["plain"]),
    "defaults-under": (OPENAI, {"temperature": 0.7}, {"messages": HELLO, "temperature": 0.1}),
    "extra-body": (OPENAI, {"extra_body": {"x_own": {"a": 1}}}, SHAPES["plain"]),
    "extra-query": (OPENAI, {"extra_query": {"a": "b"}}, SHAPES["plain"]),
    "own-member": (VLLM, {"chat_template_kwargs": {"enable_thinking": False}}, SHAPES["plain"]),
    "effort": (CLAUDE, {"reasoning_effort": "low"}, SHAPES["plain"]),
    "thinking": (CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 1024}}, SHAPES["plain"]),
    "prices": (OPENAI, {"input_cost_per_token": 0.1, "output_cost_per_token": 0.2, "rpm": 10000,
                        "tpm": 100000000}, SHAPES["plain"]),
    "tier": (OPENAI, {"service_tier": "flex"}, SHAPES["plain"]),
    "modify": (CLAUDE, {"modify_params": True}, {"messages": [
        {"role": "assistant", "content": "Hi."}, *HELLO]}),
    "marks-system": (CLAUDE, points({"location": "message", "role": "system"}), LONG),
    "marks-last": (CLAUDE, points({"location": "message", "index": -1}), LONG),
    "marks-tools": (CLAUDE, points({"location": "tool_config"}), {
        "messages": HELLO, "tools": [WEATHER]}),
    "marks-converse": (CONVERSE, points({"location": "message", "role": "system"}), LONG),
    "marks-ttl": (CLAUDE, points({"location": "message", "role": "system", "control": {
        "type": "ephemeral", "ttl": "1h"}}), LONG),
    "aws-region": (NOVA, {"aws_region_name": "eu-west-1"}, SHAPES["plain"]),
    "aws-keys": (NOVA, KEYS, SHAPES["plain"]),
    "aws-session": (NOVA, {**KEYS, "aws_session_token": "session"}, SHAPES["plain"]),
    "aws-endpoint": (NOVA, {"aws_bedrock_runtime_endpoint": "https://aws.test"}, SHAPES["plain"]),
    "aws-bearer": (NOVA, {"api_key": "bearer-key"}, SHAPES["plain"]),
    "aws-profile": (NOVA, {"model_id": "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x"},
                    SHAPES["plain"]),
    "aws-guardrail": (CONVERSE, {"guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion":
                                                     "1", "trace": "enabled"}}, SHAPES["plain"]),
    "aws-performance": (NOVA, {"performanceConfig": {"latency": "optimized"}}, SHAPES["plain"]),
    "aws-metadata": (CONVERSE, {"requestMetadata": {"team": "a"}}, SHAPES["plain"]),
    "vertex-place": (VERTEX, {"vertex_project": "other", "vertex_location": "europe-west4"},
                     SHAPES["plain"]),
    "vertex-global": (VERTEX, {"vertex_location": "global"}, SHAPES["plain"]),
    "vertex-claude": ("vertex_ai/claude-sonnet-4-5@20250929", {"vertex_location": "us-east5"},
                      SHAPES["plain"]),
    "safety": (GEMINI, {"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT",
                                             "threshold": "BLOCK_NONE"}]}, SHAPES["plain"]),
    "gemini-own": (GEMINI, {"top_k": 5, "labels": {"a": "b"}}, SHAPES["plain"]),
    "openrouter-own": ("openrouter/openai/gpt-4o", {"provider": {"order": ["azure"]},
                                                    "transforms": ["middle-out"]}, SHAPES["plain"]),
    "ollama-own": ("ollama_chat/llama3.1", {"num_ctx": 8192, "keep_alive": "10m"}, SHAPES["plain"]),
    "mistral-own": ("mistral/mistral-large-latest", {"safe_prompt": True}, SHAPES["plain"]),
}
THINKS = (b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
          b'"finish_reason":"stop","message":{"role":"assistant","content":"Four.",'
          b'"reasoning_content":"2+2"}}],"usage":{"prompt_tokens":1,"completion_tokens":2,'
          b'"total_tokens":3}}')
THINKS_STREAM = b"".join(b"data: " + e + b"\n\n" for e in (
    b'{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
    b'"delta":{"role":"assistant","reasoning_content":"2+2"}}]}',
    b'{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
    b'"delta":{"content":"Four."}}]}',
    b'{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
    b'"delta":{},"finish_reason":"stop"}]}', b"[DONE]"))
MERGE = {"model": VLLM, "merge_reasoning_content_in_choices": True}


def calls():
    for name, (model, said, body) in DEPLOYMENTS.items():
        yield Call("request", {"model": model, **said}, f"deployment {name}", body)
    yield Call("reply", MERGE, "deployment merged-thinking", SHAPES["plain"], reply=(
        200, {"content-type": "application/json"}, THINKS))
    yield Call("stream", MERGE, "deployment merged-thinking", {**SHAPES["plain"], "stream": True},
               reply=(200, {"content-type": "text/event-stream"}, THINKS_STREAM))
