"""What is asked: request shapes in OpenAI's language, and whom."""

PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg"
       "==")
PDF = "JVBERi0xLjQKJSVFT0YK"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "count": {"type": "integer"}},
          "required": ["city", "count"], "additionalProperties": False}
WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather at a place",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"},
                                                    "unit": {"type": "string", "enum": ["c", "f"]}},
                   "required": ["location"]}}}
TIME = {"type": "function", "function": {
    "name": "get_time", "description": "The time at a place",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}}}}


def user(content):
    return {"role": "user", "content": content}


def calls(*pairs):
    return {"role": "assistant", "content": None, "tool_calls": [
        {"id": f"call_{i}", "type": "function", "function": {"name": n, "arguments": a}}
        for i, (n, a) in enumerate(pairs)]}


def result(i, content):
    return {"role": "tool", "tool_call_id": f"call_{i}", "content": content}


HELLO = [user("Hello")]
SHAPES = {
    "plain": {"messages": HELLO},
    "system": {"messages": [{"role": "system", "content": "Be brief."}, user("Hello")]},
    "developer": {"messages": [{"role": "developer", "content": "Be brief."}, user("Hello")]},
    "turns": {"messages": [user("Hello"), {"role": "assistant", "content": "Hi."}, user("Bye")]},
    "system-late": {"messages": [user("Hello"), {"role": "assistant", "content": "Hi."},
                                 {"role": "system", "content": "Be rude."}, user("Bye")]},
    "users-in-a-row": {"messages": [user("Hello"), user("there")]},
    "alternating": {"messages": [user("Hello"), user("there"), {"role": "assistant", "content": "Hi."}],
                    "ensure_alternating_roles": True,
                    "assistant_continue_message": {"role": "assistant", "content": "Yes?"}},
    "parts": {"messages": [user([{"type": "text", "text": "Hello"},
                                 {"type": "text", "text": "there"}])]},
    "sampling": {"messages": HELLO, "temperature": 0.3, "top_p": 0.9, "max_tokens": 100},
    "limit": {"messages": HELLO, "max_completion_tokens": 321},
    "stop": {"messages": HELLO, "stop": ["END", "STOP"], "max_tokens": 50},
    "stop-word": {"messages": HELLO, "stop": "END", "max_tokens": 50},
    "penalties": {"messages": HELLO, "presence_penalty": 0.5, "frequency_penalty": 0.25, "seed": 7},
    "choices": {"messages": HELLO, "n": 2},
    "logprobs": {"messages": HELLO, "logprobs": True, "top_logprobs": 3},
    "user": {"messages": HELLO, "user": "user-1"},
    "stream": {"messages": HELLO, "stream": True, "stream_options": {"include_usage": True}},
    "tools": {"messages": [user("Weather in Rome?")], "tools": [WEATHER, TIME],
              "tool_choice": "auto"},
    "tools-required": {"messages": [user("Weather in Rome?")], "tools": [WEATHER],
                       "tool_choice": "required"},
    "tools-none": {"messages": [user("Weather in Rome?")], "tools": [WEATHER],
                   "tool_choice": "none"},
    "tools-named": {"messages": [user("Weather in Rome?")], "tools": [WEATHER, TIME],
                    "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
    "tools-one-by-one": {"messages": [user("Weather in Rome?")], "tools": [WEATHER],
                         "parallel_tool_calls": False},
    "tool-result": {"messages": [user("Weather in Rome?"),
                                 calls(("get_weather", '{"location": "Rome"}')),
                                 result(0, "Sunny")], "tools": [WEATHER]},
    "tool-results": {"messages": [user("Weather and time in Rome?"),
                                  calls(("get_weather", '{"location": "Rome"}'),
                                        ("get_time", '{"location": "Rome"}')),
                                  result(0, "Sunny"), result(1, "12:00"),
                                  {"role": "assistant", "content": "Sunny noon."},
                                  user("Thanks")], "tools": [WEATHER, TIME]},
    "image": {"messages": [user([{"type": "text", "text": "What is it?"},
                                 {"type": "image_url",
                                  "image_url": {"url": "data:image/png;base64," + PNG}}])]},
    "image-url": {"messages": [user([{"type": "text", "text": "What is it?"},
                                     {"type": "image_url", "image_url": {
                                         "url": "https://media.test/a.png"}}])]},
    "image-detail": {"messages": [user([{"type": "text", "text": "What is it?"},
                                        {"type": "image_url", "image_url": {
                                            "url": "https://media.test/a.png", "detail": "low"}}])]},
    "file-data": {"messages": [user([{"type": "text", "text": "What is it?"},
                                     {"type": "file", "file": {
                                         "filename": "a.pdf",
                                         "file_data": "data:application/pdf;base64," + PDF}}])]},
    "file-url": {"messages": [user([{"type": "text", "text": "What is it?"},
                                    {"type": "file", "file": {
                                        "file_id": "https://media.test/a.pdf"}}])]},
    "json": {"messages": [user("Answer in JSON.")], "response_format": {"type": "json_object"}},
    "schema": {"messages": [user("Where?")], "response_format": {
        "type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}},
    "effort": {"messages": HELLO, "reasoning_effort": "low", "max_tokens": 4096},
    "thinking": {"messages": HELLO, "thinking": {"type": "enabled", "budget_tokens": 2048},
                 "max_tokens": 8192},
    "cache": {"messages": [{"role": "system", "content": [
        {"type": "text", "text": "A long text.", "cache_control": {"type": "ephemeral"}}]},
        user("Hello")]},
    "cache-message": {"messages": [
        {"role": "system", "content": "A long text.", "cache_control": {"type": "ephemeral"}},
        user("Hello")]},
    "search": {"messages": HELLO, "web_search_options": {}},
    "effort-none": {"messages": HELLO, "reasoning_effort": "none"},
    "effort-max": {"messages": HELLO, "reasoning_effort": "max", "max_tokens": 4096},
    "history": {"messages": [
        user("Hello"),
        {"role": "assistant", "content": "Hi.", "refusal": None, "function_call": None,
         "provider_specific_fields": {"a": 1}, "thinking_blocks": [
             {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"}]},
        user("Bye")]},
}

KEY = "sk-parity"
# Model, and the variables that both sides find their keys and addresses in.
TARGETS = {
    "openai/gpt-4o": {"OPENAI_API_KEY": KEY},
    "openai/gpt-5-mini": {"OPENAI_API_KEY": KEY},
    "azure/gpt-4o": {"AZURE_API_KEY": KEY, "AZURE_API_BASE": "https://it.openai.azure.com",
                     "AZURE_API_VERSION": "2024-10-21"},
    "anthropic/claude-sonnet-4-5": {"ANTHROPIC_API_KEY": KEY},
    "gemini/gemini-2.5-flash": {"GEMINI_API_KEY": KEY},
    "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0": {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION_NAME": "us-east-1"},
    "bedrock/amazon.nova-pro-v1:0": {},
    "cohere/command-a-03-2025": {"COHERE_API_KEY": KEY},
    "ollama_chat/llama3.1": {"OLLAMA_API_BASE": "https://ollama.test"},
    "mistral/mistral-large-latest": {"MISTRAL_API_KEY": KEY},
    "groq/llama-3.3-70b-versatile": {"GROQ_API_KEY": KEY},
    "deepseek/deepseek-chat": {"DEEPSEEK_API_KEY": KEY},
    "xai/grok-4": {"XAI_API_KEY": KEY},
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo": {"TOGETHERAI_API_KEY": KEY},
    "fireworks_ai/accounts/fireworks/models/llama-v3p3-70b-instruct": {"FIREWORKS_API_KEY": KEY},
    "openrouter/openai/gpt-4o": {"OPENROUTER_API_KEY": KEY},
    "perplexity/sonar": {"PERPLEXITYAI_API_KEY": KEY},
    "cerebras/llama-3.3-70b": {"CEREBRAS_API_KEY": KEY},
    "sambanova/Meta-Llama-3.3-70B-Instruct": {"SAMBANOVA_API_KEY": KEY},
    "nvidia_nim/meta/llama-3.3-70b-instruct": {"NVIDIA_NIM_API_KEY": KEY},
    "deepinfra/meta-llama/Llama-3.3-70B-Instruct": {"DEEPINFRA_API_KEY": KEY},
    "hyperbolic/deepseek-ai/DeepSeek-V3": {"HYPERBOLIC_API_KEY": KEY},
    "novita/deepseek/deepseek-v3": {"NOVITA_API_KEY": KEY},
    "nebius/meta-llama/Llama-3.3-70B-Instruct": {"NEBIUS_API_KEY": KEY},
    "dashscope/qwen-max": {"DASHSCOPE_API_KEY": KEY},
    "moonshot/kimi-k2-0711-preview": {"MOONSHOT_API_KEY": KEY},
    "zai/glm-4.6": {"ZAI_API_KEY": KEY},
    "minimax/MiniMax-M2": {"MINIMAX_API_KEY": KEY},
    "github/gpt-4o": {"GITHUB_API_KEY": KEY},
    "lambda_ai/llama3.3-70b-instruct-fp8": {"LAMBDA_API_KEY": KEY},
    "featherless_ai/featherless-ai/Qwerky-72B": {"FEATHERLESS_AI_API_KEY": KEY},
    "friendliai/meta-llama-3.1-8b-instruct": {"FRIENDLI_TOKEN": KEY},
    "baseten/openai/gpt-oss-120b": {"BASETEN_API_KEY": KEY},
    "ai21_chat/jamba-large": {"AI21_API_KEY": KEY},
    "hosted_vllm/llama-3": {"HOSTED_VLLM_API_BASE": "https://vllm.test/v1",
                            "HOSTED_VLLM_API_KEY": KEY},
    "vercel_ai_gateway/openai/gpt-4o": {"VERCEL_AI_GATEWAY_API_KEY": KEY},
    "wandb/openai/gpt-oss-120b": {"WANDB_API_KEY": KEY},
    "together_ai/zai-org/GLM-5.2": {},
    "groq/openai/gpt-oss-120b": {},
    "deepseek/deepseek-reasoner": {},
    "sail/glm-5.1": {"SAIL_API_KEY": KEY},
    "volcengine/doubao-seed-1-6": {"VOLCENGINE_API_KEY": KEY},
    "tencent/hunyuan-2.0": {"TENCENT_API_KEY": KEY},
    "edenai/openai/gpt-4o": {"EDENAI_API_KEY": KEY},
    "nadir/auto": {"NADIR_API_KEY": KEY},
    "inception/mercury": {"INCEPTION_API_KEY": KEY},
    "v0/v0-1.5-md": {"V0_API_KEY": KEY},
    "ovhcloud/Meta-Llama-3_3-70B-Instruct": {"OVHCLOUD_API_KEY": KEY},
    "cometapi/gpt-4o": {"COMETAPI_KEY": KEY},
    "modelscope/Qwen/Qwen3-32B": {"MODELSCOPE_API_KEY": KEY},
    "nscale/meta-llama/Llama-3.3-70B-Instruct": {"NSCALE_API_KEY": KEY},
    "openai/responses/gpt-4.1": {},
    "text-completion-openai/gpt-3.5-turbo-instruct": {},
    "vertex_ai/gemini-2.5-flash": {"VERTEXAI_PROJECT": "project-1", "VERTEXAI_LOCATION": "us-central1"},
    "vertex_ai/claude-sonnet-4-5@20250929": {},
}
