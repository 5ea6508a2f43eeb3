"""Why errors that nobody recorded differ, and who is right: rows of the list in reasons.py."""

from rule import OURS, SAME, Rule


def error(target, path, verdict, why, **more):
    return Rule("error", target, path, verdict, why, **more)


RULES = [
    error("*", "error.who", SAME, "the provider, by its name or by its id"),
    error("*", "error.retry_after", OURS, "when to ask again; LiteLLM loses it",
          when=lambda a, b: b is None),
    error("*", "error.class", OURS,
          "the prompt is too long, whoever says it so: what context_window_fallbacks wait for",
          shape="context-*", when=lambda a, b: a == "ContextWindowExceededError"),
    error("sagemaker_chat", "error.class", OURS,
          "the machine is too small or too slow, which another prompt does not mend",
          shape="context-sagemaker"),
    error("*", "error.class", OURS,
          "content was refused, whoever says it so: what content_policy_fallbacks wait for",
          shape="policy-*", when=lambda a, b: a == "ContentPolicyViolationError"),
    error("azure", "error.class", OURS,
          "what the model said could not be read, which asking again mends",
          shape="policy-azure-invalid"),
    error("cohere", "error.*", OURS, "498 is Cohere's for content that was blocked",
          shape="status-498"),
    error("*", "error.*", OURS, "402 is a bill to pay, on each of LiteLLM's paths",
          when=lambda a, b: a in ("PaymentRequiredError", 402)),
    error("*", "error.class", OURS, "425 and 498 are a service without room, which may be asked again",
          when=lambda a, b: a == "ServiceUnavailableError", shape="status-425|status-498"),
    error("*", "error.*", OURS, "the status that the provider answered with, and its class",
          shape="status-*"),
    error("*", "error.*", OURS,
          "a limit is one, and 429, whatever status it comes with: on LiteLLM's path of most providers",
          shape="word-*", when=lambda a, b: a in ("RateLimitError", 429)),
    error("*", "error.*", OURS,
          "the status that the provider answered with; LiteLLM goes by words, which stand in echoed "
          "prompts, too",
          shape="word-internal|word-server|word-timeout|word-overloaded*|word-throttling|"
          "word-key-anthropic"),
    error("gemini|vertex_ai", "error.*", OURS,
          "Google names the reason beside the words (API_KEY_INVALID, recorded): that is 401",
          shape="word-key-400"),
    error("*", "error.*", OURS,
          "403 is a lack of permission; AWS names a bad token in a header (recorded), which is 401",
          shape="word-access|word-token"),
]
