"""Why what deployments say leads to other requests, and who is right: rows of the list in reasons.py."""

from rule import OURS, SAME, Rule


def request(target, path, verdict, why, **more):
    return Rule("request", target, path, verdict, why, **more)


RULES = [
    request("gemini", "path", OURS, "an address that names the model already is the address",
            shape="base-gemini"),
    request("azure", "headers.*", SAME, "the v1 API takes the key as either", shape="version-latest"),
    request("groq", "body.logit_bias*", OURS, "Groq answers it with 400 (console.groq.com/docs/openai)"),
    request("openai", "body.extra_query*|query*", OURS, "it goes into the address, not into the body",
            shape="extra-query"),
    request("anthropic", "body.max_tokens", OURS,
            "the most that the model says, where LiteLLM cuts thinking and answer off together",
            shape="effort|thinking"),
    request("anthropic", "body.messages[]*|body.modify_params", OURS,
            "a deployment's modify_params is heeded; LiteLLM sends it to the provider", shape="modify"),
    Rule("reply", "hosted_vllm", "choices.0.content|choices.0.reasoning", OURS,
         "thinking is merged into whole answers as into streams", shape="merged-thinking"),
]
